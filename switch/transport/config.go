package transport

import (
	"errors"
	"fmt"
	"net/netip"
	"time"
)

// Config says where to listen and what strangers may use up.
type Config struct {
	Listen    []Listen   `toml:"listen"`    // at least one
	Advertise netip.Addr `toml:"advertise"` // the address others reach us at when we stand behind a NAT; zero: the listening one

	HandshakeTimeout time.Duration `toml:"handshake_timeout"` // accept to the first whole message
	MessageTimeout   time.Duration `toml:"message_timeout"`   // first to last byte of a later message
	IdleTimeout      time.Duration `toml:"idle_timeout"`      // a stream connection without any byte received
	WriteTimeout     time.Duration `toml:"write_timeout"`     // a stream connection that takes no more bytes
	ConnectTimeout   time.Duration `toml:"connect_timeout"`

	MaxConns          int `toml:"max_conns"`            // stream connections accepted at a time
	MaxConnsPerSource int `toml:"max_conns_per_source"` // of them from one IPv4 address or IPv6 /64
	MaxMessage        int `toml:"max_message"`          // bytes of one message, header and body
	WriteQueue        int `toml:"write_queue"`          // bytes waiting for one slow stream connection
	ReceiveBuffer     int `toml:"receive_buffer"`       // bytes of the kernel's buffer of each UDP socket; the kernel may give less

	Nameservers []netip.AddrPort `toml:"nameservers"` // DNS; none: those of /etc/resolv.conf
}

// Default listens at port 5060 of all IPv4 addresses, by UDP and TCP.
func Default() Config {
	any4 := netip.AddrPortFrom(netip.IPv4Unspecified(), 5060)
	return Config{Listen: []Listen{{UDP, any4}, {TCP, any4}}}.filled()
}

// filled is c with the default for each time and limit that is zero.
func (c Config) filled() Config {
	for _, f := range []struct {
		field *time.Duration
		value time.Duration
	}{
		{&c.HandshakeTimeout, 5 * time.Second},
		{&c.MessageTimeout, 30 * time.Second},
		{&c.IdleTimeout, 65 * time.Minute}, // a phone that never pings but registers every hour keeps its flow
		{&c.WriteTimeout, 10 * time.Second},
		{&c.ConnectTimeout, 5 * time.Second},
	} {
		if *f.field == 0 {
			*f.field = f.value
		}
	}
	for _, f := range []struct {
		field *int
		value int
	}{
		{&c.MaxConns, 10_000},
		{&c.MaxConnsPerSource, 500},
		{&c.MaxMessage, 65_535},
		{&c.WriteQueue, 256 << 10},
		{&c.ReceiveBuffer, 8 << 20},
	} {
		if *f.field == 0 {
			*f.field = f.value
		}
	}
	return c
}

// Validate names every value that cannot work.
func (c Config) Validate() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if len(c.Listen) == 0 {
		bad("sip.listen: at least one address")
	}
	if l, ok := hasDuplicates(c.Listen); ok {
		bad("sip.listen: %v stands twice", l)
	}
	for _, l := range c.Listen {
		if !l.Network.known() || !l.Addr.IsValid() {
			bad("sip.listen: %q is no address to listen at", l)
		}
	}
	if c.Advertise.IsValid() && c.Advertise.IsUnspecified() {
		bad("sip.advertise: %v is no address others can reach", c.Advertise)
	}
	for _, d := range []struct {
		key   string
		value time.Duration
	}{
		{"handshake_timeout", c.HandshakeTimeout},
		{"message_timeout", c.MessageTimeout},
		{"idle_timeout", c.IdleTimeout},
		{"write_timeout", c.WriteTimeout},
		{"connect_timeout", c.ConnectTimeout},
	} {
		if d.value <= 0 {
			bad("sip.%s: %v is not positive", d.key, d.value)
		}
	}
	for _, n := range []struct {
		key              string
		value, low, high int
	}{
		{"max_conns", c.MaxConns, 1, 1 << 20},
		{"max_conns_per_source", c.MaxConnsPerSource, 1, 1 << 20},
		{"max_message", c.MaxMessage, 2048, 1 << 20},
		{"write_queue", c.WriteQueue, 4096, 64 << 20},
		{"receive_buffer", c.ReceiveBuffer, 4096, 1 << 30},
	} {
		if n.value < n.low || n.value > n.high {
			bad("sip.%s: %d is not between %d and %d", n.key, n.value, n.low, n.high)
		}
	}
	return errors.Join(errs...)
}
