package siptest

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/netip"
	"net/textproto"
	"strconv"
	"strings"
)

// wire is a phone's way to the switch.
type wire interface {
	write(b []byte) error
	read() ([]byte, error) // one message
	local() netip.AddrPort
	close()
}

// dial opens a wire from an address of ours, port 0 for any.
func dial(network string, from netip.AddrPort, to netip.AddrPort) (wire, error) {
	if network == "tcp" {
		c, err := net.DialTCP("tcp", net.TCPAddrFromAddrPort(from), net.TCPAddrFromAddrPort(to))
		if err != nil {
			return nil, fmt.Errorf("dial %s: %w", to, err)
		}
		return &stream{c: c, r: bufio.NewReader(c)}, nil
	}
	c, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(from))
	if err != nil {
		return nil, fmt.Errorf("listen %s: %w", from, err)
	}
	return &datagrams{c: c, to: to}, nil
}

// datagrams is UDP.
type datagrams struct {
	c  *net.UDPConn
	to netip.AddrPort
}

func (d *datagrams) write(b []byte) error {
	_, err := d.c.WriteToUDPAddrPort(b, d.to)
	return err
}

func (d *datagrams) read() ([]byte, error) {
	b := make([]byte, 1<<16)
	n, _, err := d.c.ReadFromUDPAddrPort(b)
	return b[:n:n], err
}

func (d *datagrams) local() netip.AddrPort { return d.c.LocalAddr().(*net.UDPAddr).AddrPort() }
func (d *datagrams) close()                { _ = d.c.Close() }

// stream is TCP, framed by Content-Length (RFC 3261 §18.3).
type stream struct {
	c *net.TCPConn
	r *bufio.Reader
}

func (s *stream) write(b []byte) error {
	_, err := s.c.Write(b)
	return err
}

func (s *stream) read() ([]byte, error) {
	var head strings.Builder
	length := 0
	for {
		line, err := s.r.ReadString('\n')
		if err != nil {
			return nil, err
		}
		if line == "\r\n" && head.Len() == 0 {
			continue // keep-alive, RFC 5626 §3.5.1
		}
		head.WriteString(line)
		if line == "\r\n" {
			break
		}
		name, value, _ := strings.Cut(line, ":")
		switch textproto.TrimString(strings.ToLower(name)) {
		case "content-length", "l":
			if length, err = strconv.Atoi(textproto.TrimString(value)); err != nil {
				return nil, fmt.Errorf("content length: %w", err)
			}
		}
	}
	b := append([]byte(head.String()), make([]byte, length)...)
	_, err := io.ReadFull(s.r, b[head.Len():])
	return b, err
}

func (s *stream) local() netip.AddrPort { return s.c.LocalAddr().(*net.TCPAddr).AddrPort() }
func (s *stream) close()                { _ = s.c.Close() }
