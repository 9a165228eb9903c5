package ports

import (
	"net"
	"strconv"
)

// zone is the index of a link-local address's interface, by name or number (RFC 4007 §11); 0 when there is none.
func zone(name string) uint32 {
	if name == "" {
		return 0
	}
	if n, err := strconv.ParseUint(name, 10, 32); err == nil {
		return uint32(n)
	}
	if i, err := net.InterfaceByName(name); err == nil {
		return uint32(i.Index)
	}
	return 0
}
