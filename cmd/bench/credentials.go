package bench

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"strings"
)

// credentials is the file that `tandem serve --credentials` writes, as far as a generator needs it.
type credentials struct {
	Realm   string   `json:"realm"`
	SIP     []string `json:"sip"`
	Clients []client `json:"clients"`
}

type client struct {
	Login    string `json:"login"`
	Password string `json:"password"`
}

// readCredentials returns the caller, the callee and the switch's UDP address.
func readCredentials(path string) (caller, callee client, server netip.AddrPort, err error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return caller, callee, server, err
	}
	var c credentials
	if err := json.Unmarshal(data, &c); err != nil {
		return caller, callee, server, fmt.Errorf("%s: %w", path, err)
	}
	if len(c.Clients) < 2 {
		return caller, callee, server, fmt.Errorf("%s: two clients are needed, it has %d", path, len(c.Clients))
	}
	for _, listen := range c.SIP {
		if addr, ok := strings.CutPrefix(listen, "udp:"); ok {
			server, err = netip.ParseAddrPort(addr)
			if server.Addr().IsUnspecified() {
				server = netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), server.Port())
			}
			return c.Clients[0], c.Clients[1], server, err
		}
	}
	return caller, callee, server, fmt.Errorf("%s: the switch does not listen on UDP", path)
}
