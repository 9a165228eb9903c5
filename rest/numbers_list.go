package rest

import (
	"cmp"
	"net/http"
	"path"
	"slices"
	"strings"

	"tandem/switch/directory"
)

// listNumbers is paged; filters take "*" at either end (2.5).
func (s *Server) listNumbers(w http.ResponseWriter, r *request) error {
	p, err := r.page()
	if err != nil {
		return err
	}
	q := r.URL.Query()
	phone, name, kind := q.Get("PhoneNumber"), q.Get("FriendlyName"), path.Base(r.below)
	var found []directory.Number
	for _, account := range s.accountsOf(r) {
		for _, n := range s.deps.Store.Numbers(account) {
			if like(phone, n.Phone) && like(name, n.FriendlyName) &&
				(kind == "IncomingPhoneNumbers" || !n.SIP && directory.OfType(n.Phone, kind)) {
				found = append(found, n)
			}
		}
	}
	if err := sortNumbers(found, q.Get("SortBy")); err != nil {
		return err
	}
	if isTrue(q.Get("Reverse")) {
		slices.Reverse(found)
	}
	list := make([]item, len(found))
	for i, n := range found {
		list[i] = s.viewNumber(n)
	}
	return r.paged(w, "IncomingPhoneNumbers", "incomingPhoneNumbers", p, len(list), p.of(list))
}

// accountsOf is the target, and its descendants when SubAccounts asks for them.
func (s *Server) accountsOf(r *request) []string {
	list := []string{r.target.SID}
	if isTrue(r.URL.Query().Get("SubAccounts")) {
		_ = s.subtree(r.target, func(a directory.Account) error {
			if a.SID != r.target.SID {
				list = append(list, a.SID)
			}
			return nil
		})
	}
	return list
}

// like compares with "*" as a wildcard at either end; an empty pattern takes everything.
func like(pattern, s string) bool {
	core, before := strings.CutPrefix(pattern, "*")
	core, behind := strings.CutSuffix(core, "*")
	switch {
	case before && behind:
		return strings.Contains(s, core)
	case before:
		return strings.HasSuffix(s, core)
	case behind:
		return strings.HasPrefix(s, core)
	}
	return pattern == "" || pattern == s
}

// sortBy reads a SortBy parameter: the field, and whether it is descending.
func sortBy(v string) (name string, descending bool, err error) {
	name, way, _ := strings.Cut(v, ":")
	switch strings.ToLower(way) {
	case "", "asc":
	case "desc":
		descending = true
	default:
		return "", false, badRequest(0, "Error parsing the SortBy parameter: unknown direction %q", way)
	}
	if name == "" {
		return "", false, badRequest(0, "Error parsing the SortBy parameter: no field")
	}
	return name, descending, nil
}

func sortNumbers(list []directory.Number, v string) error {
	if v == "" {
		return nil // the store's order: oldest first
	}
	name, descending, err := sortBy(v)
	if err != nil {
		return err
	}
	key := map[string]func(directory.Number) string{
		"PhoneNumber":  func(n directory.Number) string { return n.Phone },
		"FriendlyName": func(n directory.Number) string { return n.FriendlyName },
		"DateCreated":  func(n directory.Number) string { return n.Created.UTC().Format(isoDate) },
	}[name]
	if key == nil {
		return badRequest(0, "Error parsing the SortBy parameter: unknown field %q", name)
	}
	slices.SortStableFunc(list, func(a, b directory.Number) int {
		d := strings.Compare(key(a), key(b))
		if descending {
			d = -d
		}
		return cmp.Or(d, b.Created.Compare(a.Created), strings.Compare(a.SID, b.SID))
	})
	return nil
}
