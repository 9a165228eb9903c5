package rest

import (
	"maps"
	"slices"
)

// Routes are the methods of every pattern of the API that is built.
func (s *Server) Routes() map[string][]string {
	list := map[string][]string{}
	for path, res := range s.built {
		if res.methods != nil {
			list[path] = slices.Sorted(maps.Keys(res.methods))
		}
	}
	return list
}
