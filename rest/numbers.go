package rest

import (
	"errors"
	"net/http"
	"path"
	"time"

	"tandem/switch/directory"
)

func (s *Server) viewNumber(n directory.Number) item {
	f := append(fields{
		{json: "sid", xml: "Sid", value: n.SID},
		{json: "account_sid", xml: "AccountSid", value: n.Account},
		{json: "friendly_name", xml: "FriendlyName", value: n.FriendlyName},
		{json: "phone_number", xml: "PhoneNumber", value: n.Phone},
	}, viewHook("voice", "Voice", n.Voice)...)
	f = append(f,
		field{json: "status_callback", xml: "StatusCallback", value: n.StatusCallback, keep: asNull},
		field{json: "status_callback_method", xml: "StatusCallbackMethod", value: n.StatusCallbackMethod, keep: asNull | asEmpty},
		field{json: "voice_caller_id_lookup", xml: "VoiceCallerIdLookup", value: n.CallerIDLookup})
	f = append(f, s.viewBinding("voice", "Voice", n.Voice)...)
	f = append(f,
		field{json: "date_created", xml: "DateCreated", value: s.date(n.Created)},
		field{json: "date_updated", xml: "DateUpdated", value: s.date(n.Updated)})
	f = append(append(f, viewHook("sms", "Sms", n.SMS)...), s.viewBinding("sms", "Sms", n.SMS)...)
	f = append(f, s.viewUSSD(n.USSD)...)
	f = append(f,
		field{json: "refer_url", xml: "ReferUrl", value: n.Refer.URL, keep: asNull},
		field{json: "refer_method", value: n.Refer.Method, keep: asNull})
	f = append(f, s.viewBinding("refer", "Refer", n.Refer)...)
	f = append(f,
		field{json: "capabilities", xml: "Capabilities", value: fields{
			{json: "voice_capable", xml: "Voice", value: n.Can.Voice},
			{json: "sms_capable", xml: "Sms", value: n.Can.SMS},
			{json: "mms_capable", xml: "Mms", value: n.Can.MMS},
			{json: "fax_capable", xml: "Fax", value: n.Can.Fax},
		}},
		field{json: "api_version", xml: "ApiVersion", value: n.APIVersion})
	return item{name: "IncomingPhoneNumber", sid: n.SID, fields: append(f, uri(apiPath+n.Account+"/IncomingPhoneNumbers/"+n.SID)...)}
}

func viewHook(key, name string, h directory.Hook) fields {
	return fields{
		{json: key + "_url", xml: name + "Url", value: h.URL, keep: asNull},
		{json: key + "_method", xml: name + "Method", value: h.Method, keep: asNull | asEmpty},
		{json: key + "_fallback_url", xml: name + "FallbackUrl", value: h.FallbackURL, keep: asNull},
		{json: key + "_fallback_method", xml: name + "FallbackMethod", value: h.FallbackMethod, keep: asNull | asEmpty},
	}
}

// viewUSSD is complete in JSON; the example of 2.5 leaves USSD methods out of XML while no USSD URL is set.
func (s *Server) viewUSSD(h directory.Hook) fields {
	f := viewHook("ussd", "Ussd", h)
	if h.URL == "" {
		f[1].xml, f[3].xml = "", ""
	}
	return append(f, s.viewBinding("ussd", "Ussd", h)...)
}

// viewBinding is the application of a hook; its name is there only with the SID.
func (s *Server) viewBinding(key, name string, h directory.Hook) fields {
	f := fields{{json: key + "_application_sid", xml: name + "ApplicationSid", value: h.Application, keep: asNull}}
	if a, ok := s.deps.Store.Application(h.Application); ok {
		f = append(f, field{json: key + "_application_name", xml: name + "ApplicationName", value: a.FriendlyName})
	}
	return f
}

func (s *Server) findNumber(r *request) (directory.Number, error) {
	n, ok := s.deps.Store.NumberBySID(r.sid())
	return n, r.owned(r.sid(), n.Account, ok)
}

func (s *Server) getNumber(w http.ResponseWriter, r *request) error {
	n, err := s.findNumber(r)
	if err != nil {
		return err
	}
	return r.one(w, s.viewNumber(n))
}

// createNumber adds a number, as it is with isSIP, else in E.164.
func (s *Server) createNumber(w http.ResponseWriter, r *request) error {
	n := directory.NewNumber(r.target.SID, r.text("PhoneNumber"))
	set := &setter{r: r}
	if err := s.choosePhone(set, &n); err != nil {
		return err
	}
	if err := s.setNumber(set, &n); err != nil {
		return err
	}
	err := s.deps.Store.CreateNumber(r.Context(), n)
	if errors.Is(err, directory.ErrExists) {
		return badRequest(21452, "21452: the number %s exists already", n.Phone)
	}
	if err != nil {
		return err
	}
	return r.one(w, s.viewNumber(n))
}

func (s *Server) choosePhone(set *setter, n *directory.Number) error {
	set.bool("isSIP", &n.SIP)
	if set.err != nil {
		return set.err
	}
	switch kind := path.Base(set.r.below); {
	case n.Phone == "" && set.r.text("AreaCode") != "":
		return badRequest(21452, "21452: there is no inventory to pick a number from")
	case n.Phone == "":
		return badRequest(21421, "Phone number can not be null.")
	case n.SIP:
		n.FriendlyName = n.Phone
		if err := directory.CheckName("PhoneNumber", n.Phone); err != nil {
			return badRequest(21421, "%s", err)
		}
		if directory.IsPattern(n.Phone) {
			_, err := directory.CompilePattern(n.Phone)
			return err
		}
		return nil
	default:
		phone, err := directory.E164(n.Phone, s.cfg.Region)
		if err != nil {
			return err
		}
		if kind != "IncomingPhoneNumbers" && !directory.OfType(phone, kind) {
			return badRequest(21452, "21452: %s is not a %s number", phone, kind)
		}
		n.Phone, n.FriendlyName = phone, directory.National(phone)
		return nil
	}
}

// setNumber reads what both create and update accept.
func (s *Server) setNumber(set *setter, n *directory.Number) error {
	set.name("FriendlyName", &n.FriendlyName)
	set.hook("Voice", n.Account, &n.Voice)
	set.hook("Sms", n.Account, &n.SMS)
	set.hook("Ussd", n.Account, &n.USSD)
	set.url("ReferUrl", &n.Refer.URL, 21402, "lua", "file")
	set.method("ReferMethod", &n.Refer.Method, 21403)
	set.application("ReferApplicationSid", n.Account, &n.Refer.Application)
	set.url("StatusCallback", &n.StatusCallback, 21502)
	set.method("StatusCallbackMethod", &n.StatusCallbackMethod, 21403)
	set.bool("VoiceCallerIdLookup", &n.CallerIDLookup)
	set.bool("VoiceCapable", &n.Can.Voice)
	set.bool("SmsCapable", &n.Can.SMS)
	set.bool("MmsCapable", &n.Can.MMS)
	set.bool("FaxCapable", &n.Can.Fax)
	set.text("Cost", &n.Cost)
	set.text("ApiVersion", &n.APIVersion)
	n.Updated = time.Now()
	return set.err
}

// updateNumber changes a number; AccountSid moves it to another account the caller may manage.
func (s *Server) updateNumber(w http.ResponseWriter, r *request) error {
	old, err := s.findNumber(r)
	if err != nil {
		return err
	}
	owner := r.text("AccountSid")
	if owner != "" {
		if a, ok := s.deps.Store.Account(owner); !ok || !s.manages(r.caller, a) {
			return errDenied
		}
	}
	n, err := s.deps.Store.ChangeNumber(r.Context(), old.SID, func(n *directory.Number) error {
		if owner != "" && owner != n.Account {
			n.Account = owner // its applications stay behind
			n.Voice.Application, n.SMS.Application, n.USSD.Application, n.Refer.Application = "", "", "", ""
		}
		return s.setNumber(&setter{r: r, update: true}, n)
	})
	if err != nil {
		return err
	}
	return r.one(w, s.viewNumber(n))
}

func (s *Server) deleteNumber(w http.ResponseWriter, r *request) error {
	n, err := s.findNumber(r)
	if err != nil {
		return err
	}
	if err := s.deps.Store.DeleteNumber(r.Context(), n.SID); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
