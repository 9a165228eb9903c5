package main

import (
	"fmt"
	"net"
	"os"
	"strconv"
	"sync/atomic"
	"testing"
)

// started counts the switches of this test.
var started atomic.Int64

// rtpPorts is a range of ports for one switch: below those that Linux gives to sockets without a wish, and of its own, so that switches and
// tests may run side by side.
func rtpPorts() string {
	const each, block = 80, 4000
	first := 10000 + os.Getpid()%5*block + int(started.Add(1))*each%block
	return fmt.Sprintf("%d-%d", first, first+each-1)
}

// given counts the ports of freePort.
var given atomic.Int64

// freePort is a port that both UDP and TCP had free on 127.0.0.1 a moment ago, of a range that Linux does not give to sockets without a wish:
// those of phones and connections that are opened meanwhile.
func freePort(t *testing.T) string {
	t.Helper()
	const first, count = 31000, 1700
	for range count {
		port := strconv.Itoa(first + (os.Getpid()*331+int(given.Add(1)))%count)
		l, err := net.Listen("tcp", "127.0.0.1:"+port)
		if err != nil {
			continue
		}
		pc, err := net.ListenPacket("udp", "127.0.0.1:"+port)
		_ = l.Close()
		if err == nil {
			_ = pc.Close()
			return port
		}
	}
	t.Fatal("no free port")
	return ""
}
