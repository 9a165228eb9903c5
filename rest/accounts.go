package rest

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"tandem/switch/directory"
)

// subresources of an account: JSON key, XML element, path.
var subresources = [][3]string{
	{"available_phone_numbers", "AvailablePhoneNumbers", "AvailablePhoneNumbers"},
	{"calls", "Calls", "Calls"},
	{"conferences", "Conferences", "Conferences"},
	{"incoming_phone_numbers", "IncomingPhoneNumbers", "IncomingPhoneNumbers"},
	{"notifications", "Notifications", "Notifications"},
	{"outgoing_caller_ids", "OutgoingCallerIds", "OutgoingCallerIds"},
	{"recordings", "Recordings", "Recordings"},
	{"sandbox", "Sandbox", "Sandbox"},
	{"sms_messages", "SMSMessages", "SMS/Messages"},
	{"transcriptions", "Transcriptions", "Transcriptions"},
}

const apiPath = "/2012-04-24/Accounts/"

func (s *Server) viewAccount(a directory.Account) item {
	var below fields
	for _, n := range subresources {
		path := apiPath + a.SID + "/" + n[2]
		below = append(below, field{json: n[0], value: path + ".json"}, field{xml: n[1], value: path})
	}
	status, role := string(a.Status), a.Role
	return item{name: "Account", sid: a.SID, fields: fields{
		{json: "sid", xml: "Sid", value: a.SID},
		{json: "friendly_name", xml: "FriendlyName", value: a.FriendlyName},
		{json: "email_address", xml: "EmailAddress", value: a.Email},
		{json: "type", value: "Full"},
		{json: "status", xml: "Status", value: status},
		{json: "role", xml: "Role", value: role},
		{xml: "Type", value: "Full"},
		{json: "date_created", xml: "DateCreated", value: s.date(a.Created)},
		{json: "date_updated", xml: "DateUpdated", value: s.date(a.Updated)},
		{json: "auth_token", xml: "AuthToken", value: a.Token},
		{json: "uri", value: "/2012-04-24/Accounts.json/" + a.SID},
		{xml: "Uri", value: apiPath + a.SID},
		{json: "subresource_uris", xml: "SubresourceUris", value: below},
	}}
}

// uri is the row of both spellings of a resource's own path.
func uri(path string) fields {
	return fields{{json: "uri", value: path + ".json"}, {xml: "Uri", value: path}}
}

// listAccounts lists the direct children of the caller.
func (s *Server) listAccounts(w http.ResponseWriter, r *request) error {
	q := r.URL.Query()
	name, status := q.Get("FriendlyName"), q.Get("Status")
	var list []item
	for _, a := range s.deps.Store.Accounts(r.caller.SID) {
		if (name == "" || a.FriendlyName == name) && (status == "" || strings.EqualFold(string(a.Status), status)) {
			list = append(list, s.viewAccount(a))
		}
	}
	return r.many(w, "Accounts", list)
}

func (s *Server) getAccount(w http.ResponseWriter, r *request) error {
	return r.one(w, s.viewAccount(r.target))
}

// maxDepth is how many levels of accounts there may be.
const maxDepth = 3

// createAccount makes a sub-account of the caller, with the client that goes with it.
func (s *Server) createAccount(w http.ResponseWriter, r *request) error {
	email, password := r.text("EmailAddress"), r.text("Password")
	if err := s.checkNewAccount(r, email, password); err != nil {
		return err
	}
	now := time.Now()
	a := directory.Account{
		SID: directory.AccountSID(email), Parent: r.caller.SID, Email: email, FriendlyName: email,
		Status: directory.Active, Role: r.caller.Role, Created: now, Updated: now,
	}
	set := &setter{r: r}
	set.name("FriendlyName", &a.FriendlyName)
	if v, ok := set.given("Status"); ok {
		status, err := directory.ParseAccountStatus(v)
		set.fail(err)
		a.Status = status
	}
	if role, ok := set.given("Role"); ok && r.caller.Role == administrator {
		if !s.roles.Known(role) {
			return badRequest(0, "Role %q does not exist", role)
		}
		a.Role = role
	}
	set.fail(a.SetPassword(password, directory.Derivation(s.cfg.TokenDerivation)))
	if set.err != nil {
		return set.err
	}
	err := s.deps.Store.CreateAccount(r.Context(), a, s.linkedClient(a, password)...)
	if errors.Is(err, directory.ErrExists) {
		return errEmailTaken
	}
	if err != nil {
		return err
	}
	return r.one(w, s.viewAccount(a))
}

const administrator = "Administrator"

var errEmailTaken = problem{Status: http.StatusConflict, Message: "The email address used for the new account is already in use."}

func (s *Server) checkNewAccount(r *request, email, password string) error {
	if email == "" {
		return badRequest(0, "EmailAddress can not be null.")
	}
	if password == "" {
		return badRequest(0, "Password can not be null.")
	}
	if s.level(r.caller) >= maxDepth {
		return badRequest(3303, "This account is not allowed to have sub-accounts")
	}
	if err := directory.CheckEmail(email); err != nil {
		return err
	}
	if _, taken := s.deps.Store.AccountByEmail(email); taken {
		return errEmailTaken
	}
	return s.checkPassword(password)
}

// level is 1 for an account without a parent.
func (s *Server) level(a directory.Account) int {
	n := 1
	for a.Parent != "" && n < 8 {
		a, _ = s.deps.Store.Account(a.Parent)
		n++
	}
	return n
}

func (s *Server) checkPassword(password string) error {
	if !s.cfg.CheckPasswords {
		return nil
	}
	return directory.CheckPassword(password)
}

// linkedClient is the client that goes with a new account, unless its login is taken or unfit.
func (s *Server) linkedClient(a directory.Account, password string) []directory.Client {
	login := a.Login()
	if _, taken := s.deps.Store.Client(login); taken || directory.CheckLogin(login) != nil {
		return nil
	}
	c := directory.NewClient(a.SID, login)
	c.FriendlyName = a.FriendlyName
	c.SetPassword(s.deps.Realm, password)
	return []directory.Client{c}
}

// updateAccount changes name, password, role and status.
func (s *Server) updateAccount(w http.ResponseWriter, r *request) error {
	if r.target.Status == directory.Closed {
		return errClosed
	}
	if err := s.mayUpdateAccount(r); err != nil {
		return err
	}
	set := &setter{r: r, update: true}
	status, newStatus := set.given("Status")
	if newStatus {
		parsed, err := directory.ParseAccountStatus(status)
		if err != nil {
			return err
		}
		if err := s.changeStatus(r, parsed); err != nil {
			return err
		}
	}
	a, err := s.deps.Store.ChangeAccount(r.Context(), r.target.SID, func(a *directory.Account) error {
		return s.setAccount(set, a)
	})
	if err != nil {
		return err
	}
	if err := s.followAccount(r, a); err != nil {
		return err
	}
	return r.one(w, s.viewAccount(a))
}

// mayUpdateAccount checks what only some roles may change (1.5).
func (s *Server) mayUpdateAccount(r *request) error {
	own := r.target.SID == r.caller.SID
	if r.caller.Role == administrator {
		if st := r.text("Status"); own && strings.EqualFold(st, string(directory.Closed)) && r.caller.Parent == "" {
			return errDenied
		}
		return nil
	}
	if !own || r.form.Has("Role") || r.form.Has("Status") {
		return errDenied
	}
	if !s.roles.May(r.caller.Role, "Modify", "Accounts") && r.form.Has("FriendlyName") {
		return errDenied // own password only
	}
	return nil
}

func (s *Server) setAccount(set *setter, a *directory.Account) error {
	set.name("FriendlyName", &a.FriendlyName)
	if role, ok := set.given("Role"); ok {
		if !s.roles.Known(role) {
			return badRequest(0, "Role %q does not exist", role)
		}
		a.Role = role
	}
	if password, ok := set.given("Password"); ok {
		if err := s.checkPassword(password); err != nil {
			return err
		}
		if a.Status == directory.Uninitialized {
			a.Status = directory.Active
		}
		if err := a.SetPassword(password, directory.Derivation(s.cfg.TokenDerivation)); err != nil {
			return err
		}
	}
	a.Updated = time.Now()
	return set.err
}

// followAccount carries name and password over to the client that goes with the account.
func (s *Server) followAccount(r *request, a directory.Account) error {
	c, ok := s.deps.Store.Client(a.Login())
	password, name := r.text("Password"), r.text("FriendlyName")
	if !ok || c.Account != a.SID || password == "" && name == "" {
		return nil
	}
	_, err := s.deps.Store.ChangeClient(r.Context(), c.SID, func(c *directory.Client) error {
		if name != "" {
			c.FriendlyName = name
		}
		if password != "" {
			c.SetPassword(s.deps.Realm, password)
		}
		c.Updated = a.Updated
		return nil
	})
	if password != "" {
		s.deps.Registrations.Remove(c.Login)
	}
	return err
}
