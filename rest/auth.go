package rest

import (
	"net/http"
	"strings"

	"tandem/switch/directory"
)

// newStranger makes the account that stands in for one that does not exist, so that refusing it takes as long.
func newStranger(d directory.Derivation) directory.Account {
	a := directory.Account{SID: directory.PrefixAccount}
	if err := a.SetPassword(directory.NewSID(""), d); err != nil {
		a.Token = directory.NewSID("")
	}
	return a
}

// authenticate finds the caller (1.4).
func (s *Server) authenticate(r *request) error {
	user, secret, ok := r.BasicAuth()
	if !ok {
		return errUnknown
	}
	a, known := s.deps.Store.Account(user)
	if !known && strings.Contains(user, "@") {
		a, known = s.deps.Store.AccountByEmail(user)
	}
	if !known {
		a = s.stranger
	}
	if !a.Accepts(secret) || !known {
		return errUnknown
	}
	r.caller = a
	switch a.Status {
	case directory.Active:
		return nil
	case directory.Uninitialized: // to set a password only
		own := r.below == "/Accounts/"+a.SID || strings.EqualFold(r.below, "/Accounts/"+a.Email)
		if own && r.Method != http.MethodDelete {
			return nil
		}
	}
	return errInactive
}

// authorize finds the target and checks the caller's rights (1.5).
func (s *Server) authorize(r *request, res resource) error {
	r.target = r.caller
	if id, ok := r.values["account"]; ok {
		if err := s.findTarget(r, id); err != nil {
			return err
		}
	}
	if !s.roles.May(r.caller.Role, r.action(), res.name) && !s.ownPassword(r, res) {
		return errDenied
	}
	if r.target.Status == directory.Closed && r.action() != "Read" {
		return errClosed
	}
	return nil
}

// ownPassword tells whether the caller may change its own password, if nothing else of its account.
func (s *Server) ownPassword(r *request, res resource) bool {
	return res.name == "Accounts" && r.action() == "Modify" && r.target.SID == r.caller.SID &&
		s.roles.May(r.caller.Role, "Modify", "AccountPassword")
}

func (s *Server) findTarget(r *request, id string) error {
	a, ok := s.deps.Store.Account(id)
	if !ok && strings.Contains(id, "@") {
		a, ok = s.deps.Store.AccountByEmail(id)
	}
	if !ok {
		if r.caller.Super() {
			return errNotFound
		}
		return errDenied // a stranger cannot probe for SIDs
	}
	if !s.manages(r.caller, a) {
		return errDenied
	}
	r.target = a
	return nil
}

// manages tells whether the caller is the account or one of its ancestors.
func (s *Server) manages(caller, a directory.Account) bool {
	for range 8 { // the tree has three levels
		if a.SID == caller.SID {
			return true
		}
		parent, ok := s.deps.Store.Account(a.Parent)
		if !ok {
			return false
		}
		a = parent
	}
	return false
}

// owned checks that an instance found by its SID belongs to the target (1.5, rule 3).
// With found false it makes the answer for one that does not exist (1.8).
func (r *request) owned(sid, owner string, found bool) error {
	if !directory.ValidSID(sid) && r.action() != "Read" {
		return badRequest(0, "%q is not a SID", sid)
	}
	if !found {
		return errNotFound
	}
	if owner == r.target.SID {
		return nil
	}
	if a, ok := r.s.deps.Store.Account(owner); ok && r.s.manages(r.caller, a) {
		return errDenied
	}
	return errNotFound
}
