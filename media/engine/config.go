package engine

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// Config says where audio is received and by how many workers. The zero value is filled by Default.
type Config struct {
	Workers   int           `toml:"workers"`   // event loops; 0: one a core
	Ports     string        `toml:"ports"`     // range of UDP ports, "first-last"
	Address   []netip.Addr  `toml:"address"`   // local addresses to bind; an unspecified one stands for all of its family
	Advertise []netip.Addr  `toml:"advertise"` // addresses to name in SDP instead, one a family at most, when behind a NAT
	Timeout   time.Duration `toml:"timeout"`   // no packet for so long is reported as silence; 0: 60 s; negative: never
}

// Default is the configuration without a file: all addresses, ports 20000 to 29999, one worker a core.
func Default() Config {
	return Config{
		Ports: "20000-29999", Timeout: time.Minute,
		Address: []netip.Addr{netip.IPv4Unspecified(), netip.IPv6Unspecified()},
	}
}

// Validate names every mistake at once.
func (c Config) Validate() error {
	var errs []error
	if c.Workers < 0 || c.Workers > 1024 {
		errs = append(errs, fmt.Errorf("rtp.workers: %d is not within 0 to 1024", c.Workers))
	}
	if _, _, err := c.portRange(); err != nil {
		errs = append(errs, err)
	}
	if len(c.Address) == 0 {
		errs = append(errs, errors.New("rtp.address: at least one address"))
	}
	var four, six int
	for _, a := range c.Advertise {
		switch {
		case !a.IsValid() || a.IsUnspecified():
			errs = append(errs, fmt.Errorf("rtp.advertise: %q is not an address a phone could reach", a))
		case a.Unmap().Is4():
			four++
		default:
			six++
		}
	}
	if four > 1 || six > 1 {
		errs = append(errs, errors.New("rtp.advertise: one IPv4 and one IPv6 address at most"))
	}
	return errors.Join(errs...)
}

func (c Config) portRange() (first, last int, err error) {
	a, b, _ := strings.Cut(c.Ports, "-")
	first, err1 := strconv.Atoi(strings.TrimSpace(a))
	last, err2 := strconv.Atoi(strings.TrimSpace(b))
	if err1 != nil || err2 != nil || first < 1024 || last > 65535 || last-first < 1 {
		return 0, 0, fmt.Errorf("rtp.ports: %q is not a range such as 20000-29999", c.Ports)
	}
	return first, last, nil
}
