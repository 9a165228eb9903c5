package rest

import (
	"net/http"
	"strings"
	"time"

	"tandem/switch/directory"
)

func (s *Server) viewApplication(a directory.Application) item {
	return item{name: "Application", sid: a.SID, fields: append(append(fields{
		{json: "sid", xml: "Sid", value: a.SID},
		{json: "date_created", xml: "DateCreated", value: s.date(a.Created)},
		{json: "date_updated", xml: "DateUpdated", value: s.date(a.Updated)},
		{json: "friendly_name", xml: "FriendlyName", value: a.FriendlyName},
		{json: "account_sid", xml: "AccountSid", value: a.Account},
		{json: "api_version", xml: "ApiVersion", value: a.APIVersion},
		{json: "voice_caller_id_lookup", xml: "VoiceCallerIdLookup", value: a.CallerIDLookup},
	}, uri(apiPath+a.Account+"/Applications/"+a.SID)...),
		field{json: "rcml_url", xml: "RcmlUrl", value: a.URL}, field{json: "kind", xml: "Kind", value: a.Kind})}
}

// viewBound is a number as the list of an application's numbers shows it.
func viewBound(n directory.Number) item {
	return item{name: "Number", sid: n.SID, fields: fields{
		{json: "sid", xml: "Sid", value: n.SID},
		{json: "friendly_name", xml: "FriendlyName", value: n.FriendlyName},
		{json: "phone_number", xml: "PhoneNumber", value: n.Phone},
		{json: "voice_application_sid", xml: "VoiceApplicationSid", value: n.Voice.Application},
		{json: "sms_application_sid", xml: "SmsApplicationSid", value: n.SMS.Application},
		{json: "ussd_application_sid", xml: "UssdApplicationSid", value: n.USSD.Application},
		{json: "refer_application_sid", xml: "ReferApplicationSid", value: n.Refer.Application},
	}}
}

func (s *Server) listApplications(w http.ResponseWriter, r *request) error {
	withNumbers := strings.EqualFold(r.URL.Query().Get("includeNumbers"), "true")
	var numbers []directory.Number
	if withNumbers {
		numbers = s.deps.Store.Numbers(r.target.SID)
	}
	var list []item
	for _, a := range s.deps.Store.Applications(r.target.SID) {
		it := s.viewApplication(a)
		if withNumbers {
			bound := []item{}
			for _, n := range numbers {
				if n.Voice.Application == a.SID || n.SMS.Application == a.SID || n.USSD.Application == a.SID || n.Refer.Application == a.SID {
					bound = append(bound, viewBound(n))
				}
			}
			it.fields = append(it.fields, field{json: "numbers", xml: "Numbers", value: bound})
		}
		list = append(list, it)
	}
	return r.many(w, "Applications", list)
}

func (s *Server) findApplication(r *request) (directory.Application, error) {
	a, ok := s.deps.Store.Application(r.sid())
	return a, r.owned(r.sid(), a.Account, ok)
}

func (s *Server) getApplication(w http.ResponseWriter, r *request) error {
	a, err := s.findApplication(r)
	if err != nil {
		return err
	}
	return r.one(w, s.viewApplication(a))
}

func (s *Server) createApplication(w http.ResponseWriter, r *request) error {
	if r.text("FriendlyName") == "" {
		return badRequest(0, "Friendly name can not be null.")
	}
	now := time.Now()
	a := directory.Application{
		SID: directory.NewSID(directory.PrefixApplication), Account: r.target.SID, APIVersion: directory.APIVersion, Created: now, Updated: now,
	}
	if err := setApplication(&setter{r: r}, &a); err != nil {
		return err
	}
	if err := s.deps.Store.CreateApplication(r.Context(), a); err != nil {
		return err
	}
	return r.one(w, s.viewApplication(a))
}

func setApplication(set *setter, a *directory.Application) error {
	set.name("FriendlyName", &a.FriendlyName)
	set.text("ApiVersion", &a.APIVersion)
	set.bool("HasVoiceCallerIdLookup", &a.CallerIDLookup)
	set.bool("VoiceCallerIdLookup", &a.CallerIDLookup)
	set.url("RcmlUrl", &a.URL, 21402, "lua", "file")
	if v, ok := set.given("Kind"); ok {
		kind, err := directory.ParseKind(v)
		set.fail(err)
		a.Kind = kind
	}
	a.Updated = time.Now()
	return set.err
}

func (s *Server) updateApplication(w http.ResponseWriter, r *request) error {
	old, err := s.findApplication(r)
	if err != nil {
		return err
	}
	a, err := s.deps.Store.ChangeApplication(r.Context(), old.SID, func(a *directory.Application) error {
		return setApplication(&setter{r: r, update: true}, a)
	})
	if err != nil {
		return err
	}
	return r.one(w, s.viewApplication(a))
}

func (s *Server) deleteApplication(w http.ResponseWriter, r *request) error {
	a, err := s.findApplication(r)
	if err != nil {
		return err
	}
	if err := s.deps.Store.DeleteApplication(r.Context(), a.SID); err != nil {
		return err
	}
	w.WriteHeader(http.StatusOK)
	return nil
}
