package transport

import (
	"net/netip"
	"os"
	"strings"
	"sync"
	"time"
)

const (
	hostsPath = "/etc/hosts"
	hostsAge  = 10 * time.Second // how long it is not looked at again
)

// hostsFile is the machine's own table of names.
type hostsFile struct {
	mu    sync.Mutex
	read  time.Time
	names map[string][]netip.Addr
}

// lookup is what the table has for a fully qualified name in lower case.
func (h *hostsFile) lookup(name string) []netip.Addr {
	if name == "localhost." || strings.HasSuffix(name, ".localhost.") { // RFC 6761 §6.3
		return []netip.Addr{netip.AddrFrom4([4]byte{127, 0, 0, 1}), netip.IPv6Loopback()}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if now := time.Now(); h.names == nil || now.Sub(h.read) > hostsAge {
		text, _ := os.ReadFile(hostsPath) // a machine may have none
		h.names, h.read = parseHosts(string(text)), now
	}
	return h.names[name]
}

func parseHosts(text string) map[string][]netip.Addr {
	names := make(map[string][]netip.Addr)
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		f := strings.Fields(line)
		if len(f) < 2 {
			continue
		}
		a, err := netip.ParseAddr(f[0])
		if err != nil {
			continue
		}
		for _, name := range f[1:] {
			name = strings.TrimSuffix(strings.ToLower(name), ".") + "."
			names[name] = append(names[name], a)
		}
	}
	return names
}
