package rest

import (
	"errors"
	"net/http"
	"time"

	"tandem/switch/directory"
)

func (s *Server) viewClient(c directory.Client) item {
	status, push := "0", ""
	if c.Enabled {
		status = "1"
	}
	if c.Push {
		push = c.SID
	}
	return item{name: "Client", sid: c.SID, fields: append(append(fields{
		{json: "sid", xml: "Sid", value: c.SID},
		{json: "date_created", xml: "DateCreated", value: s.date(c.Created)},
		{json: "date_updated", xml: "DateUpdated", value: s.date(c.Updated)},
		{json: "account_sid", xml: "AccountSid", value: c.Account},
		{json: "api_version", xml: "ApiVersion", value: c.APIVersion},
		{json: "friendly_name", xml: "FriendlyName", value: c.FriendlyName},
		{json: "login", xml: "Login", value: c.Login},
		{json: "password", xml: "Password", value: c.HA1MD5},
		{json: "password_algorithm", xml: "Password_Algorithm", value: "MD5"},
		{json: "status", xml: "Status", value: status},
		{json: "voice_url", xml: "VoiceUrl", value: c.Voice.URL},
		{json: "voice_method", xml: "VoiceMethod", value: c.Voice.Method},
		{json: "voice_fallback_url", xml: "VoiceFallbackUrl", value: c.Voice.FallbackURL},
		{json: "voice_fallback_method", xml: "VoiceFallbackMethod", value: c.Voice.FallbackMethod},
		{json: "voice_application_sid", xml: "VoiceApplicationSid", value: c.Voice.Application},
	}, uri(apiPath+c.Account+"/Clients/"+c.SID)...),
		field{json: "push_client_identity", xml: "PushClientIdentity", value: push})}
}

func (s *Server) listClients(w http.ResponseWriter, r *request) error {
	var list []item
	for _, c := range s.deps.Store.Clients(r.target.SID) {
		list = append(list, s.viewClient(c))
	}
	return r.many(w, "Clients", list)
}

func (s *Server) findClient(r *request) (directory.Client, error) {
	c, ok := s.deps.Store.ClientBySID(r.sid())
	return c, r.owned(r.sid(), c.Account, ok)
}

func (s *Server) getClient(w http.ResponseWriter, r *request) error {
	c, err := s.findClient(r)
	if err != nil {
		return err
	}
	return r.one(w, s.viewClient(c))
}

// createClient adds a client. A login that the account has already is answered with the client that bears it.
func (s *Server) createClient(w http.ResponseWriter, r *request) error {
	login, password := r.text("Login"), r.text("Password")
	if err := directory.CheckLogin(login); err != nil {
		return err
	}
	if password == "" {
		return badRequest(0, "Password can not be null.")
	}
	if old, taken := s.deps.Store.Client(login); taken {
		return s.loginTaken(w, r, old)
	}
	if err := s.checkPassword(password); err != nil {
		return err
	}
	c := directory.NewClient(r.target.SID, login)
	if err := s.setClient(&setter{r: r}, &c); err != nil {
		return err
	}
	err := s.deps.Store.CreateClient(r.Context(), c)
	if errors.Is(err, directory.ErrExists) { // in this very moment
		old, _ := s.deps.Store.Client(login)
		return s.loginTaken(w, r, old)
	}
	if err != nil {
		return err
	}
	return r.one(w, s.viewClient(c))
}

func (s *Server) loginTaken(w http.ResponseWriter, r *request, old directory.Client) error {
	if old.Account != r.target.SID {
		return problem{Status: http.StatusConflict, Code: 3201, Message: "Login is already in use"}
	}
	if stored, ok := s.deps.Store.ClientBySID(old.SID); ok {
		old = stored
	}
	return r.one(w, s.viewClient(old))
}

// setClient reads what both create and update accept.
func (s *Server) setClient(set *setter, c *directory.Client) error {
	set.name("FriendlyName", &c.FriendlyName)
	set.bool("IsPushEnabled", &c.Push)
	set.hook("Voice", c.Account, &c.Voice)
	if v, ok := set.given("Status"); ok {
		if v != "0" && v != "1" {
			return badRequest(0, "Status %q is neither 0 nor 1", v)
		}
		c.Enabled = v == "1"
	}
	if password, ok := set.given("Password"); ok {
		if password == "" {
			return badRequest(0, "Password can not be null.")
		}
		if err := s.checkPassword(password); err != nil {
			return err
		}
		c.SetPassword(s.deps.Realm, password)
	}
	c.Updated = time.Now()
	return set.err
}

// updateClient changes a client. One that is disabled or has a new password must register again.
func (s *Server) updateClient(w http.ResponseWriter, r *request) error {
	old, err := s.findClient(r)
	if err != nil {
		return err
	}
	c, err := s.deps.Store.ChangeClient(r.Context(), old.SID, func(c *directory.Client) error {
		return s.setClient(&setter{r: r, update: true}, c)
	})
	if err != nil {
		return err
	}
	if !c.Enabled || r.text("Password") != "" {
		s.deps.Registrations.Remove(c.Login)
	}
	return r.one(w, s.viewClient(c))
}

func (s *Server) deleteClient(w http.ResponseWriter, r *request) error {
	c, err := s.findClient(r)
	if err != nil {
		return err
	}
	if err := s.deps.Store.DeleteClient(r.Context(), c.SID); err != nil {
		return err
	}
	s.deps.Registrations.Remove(c.Login)
	w.WriteHeader(http.StatusOK)
	return nil
}
