package rest

import (
	"net/http"
	"strconv"

	"tandem/switch/directory"
)

// viewNotification shows a notification (2.14); what the web server answered is shown in the instance alone.
func (s *Server) viewNotification(r *request, n directory.Notification, whole bool) item {
	path := apiPath + n.Account + "/Notifications/" + n.SID
	level, code := "0", strconv.Itoa(n.Code)
	if n.Warning {
		level = "1"
	}
	f := fields{
		{json: "sid", xml: "Sid", value: n.SID},
		{json: "date_created", xml: "DateCreated", value: s.date(n.Date)},
		{json: "date_updated", xml: "DateUpdated", value: s.date(n.Date)},
		{json: "account_sid", xml: "AccountSid", value: n.Account},
		{json: "call_sid", xml: "CallSid", value: n.Call},
		{json: "api_version", xml: "ApiVersion", value: n.APIVersion},
		{json: "log", xml: "Log", value: level},
		{json: "error_code", xml: "ErrorCode", value: code},
		{json: "more_info", xml: "MoreInfo", value: s.moreInfo(r.Request, n.Code)},
		{json: "message_text", xml: "MessageText", value: n.Text},
		{json: "message_date", xml: "MessageDate", value: s.iso(n.Date)},
		{json: "request_url", xml: "RequestUrl", value: n.RequestURL},
		{json: "request_method", xml: "RequestMethod", value: n.RequestMethod, keep: asEmpty},
		{json: "request_variables", xml: "RequestVariables", value: n.RequestVariables},
	}
	if whole {
		f = append(f,
			field{json: "response_headers", xml: "ResponseHeaders", value: n.ResponseHeaders},
			field{json: "response_body", xml: "ResponseBody", value: n.ResponseBody})
	}
	return item{name: "Notification", sid: n.SID, fields: append(f, uri(path)...)}
}

// listNotifications is paged, filtered and sorted by the store.
func (s *Server) listNotifications(w http.ResponseWriter, r *request) error {
	return s.pageOfNotifications(w, r, "")
}

// listCallNotifications lists what one call has left; the call may be up.
func (s *Server) listCallNotifications(w http.ResponseWriter, r *request) error {
	rec, err := s.findCall(r)
	if err != nil {
		return err
	}
	return s.pageOfNotifications(w, r, string(rec.ID))
}

func (s *Server) pageOfNotifications(w http.ResponseWriter, r *request, call string) error {
	p, err := r.page()
	if err != nil {
		return err
	}
	q, err := s.notificationQuery(r)
	if err != nil {
		return err
	}
	if err := s.deps.Store.Flush(r.Context()); err != nil {
		return err
	}
	q.Call, q.Limit, q.Offset, q.After = call, p.size, p.index*p.size, p.after
	found, err := s.deps.Store.Notifications(r.Context(), q)
	if err != nil {
		return err
	}
	list := make([]item, len(found.Notifications))
	for i, n := range found.Notifications {
		list[i] = s.viewNotification(r, n, false)
	}
	return r.paged(w, "Notifications", "notifications", p, found.Total, list)
}

var notificationFields = map[string]directory.NotificationField{
	"DateCreated": directory.ByDate, "Log": directory.ByLog, "ErrorCode": directory.ByCode,
	"CallSid": directory.ByCall, "MessageText": directory.ByText,
}

// notificationQuery reads the filters of 1.10 and 2.14.
func (s *Server) notificationQuery(r *request) (directory.NotificationQuery, error) {
	v := r.URL.Query()
	q := directory.NotificationQuery{
		Accounts: s.accountsOf(r), URL: v.Get("RequestUrl"), Text: v.Get("MessageText"), Descending: isTrue(v.Get("Reverse")),
	}
	if code := v.Get("ErrorCode"); code != "" {
		n, err := strconv.Atoi(code)
		if err != nil {
			return q, badRequest(0, "ErrorCode %q is not a number", code)
		}
		q.Code = &n
	}
	switch level := v.Get("Log"); level {
	case "":
	case "0", "1":
		warning := level == "1"
		q.Warning = &warning
	default:
		return q, badRequest(0, "Log %q is neither 0 nor 1", level)
	}
	if by := v.Get("SortBy"); by != "" {
		name, descending, err := sortBy(by)
		if err != nil {
			return q, err
		}
		var ok bool
		if q.Sort, ok = notificationFields[name]; !ok {
			return q, badRequest(0, "Error parsing the SortBy parameter: unknown field %q", name)
		}
		q.Descending = descending
	}
	return q, s.dates(r, []dateFilter{
		{"StartTime", &q.From, nil},
		{"StartTime>", &q.From, nil},
		{"StartTime<", nil, &q.To},
		{"EndTime", nil, &q.To},
		{"EndTime>", &q.From, nil},
		{"EndTime<", nil, &q.To},
	})
}

// findNotification finds the notification in the path.
func (s *Server) findNotification(r *request) (directory.Notification, error) {
	if err := s.deps.Store.Flush(r.Context()); err != nil {
		return directory.Notification{}, err
	}
	n, ok, err := s.deps.Store.Notification(r.Context(), r.sid())
	if err != nil {
		return n, err
	}
	return n, r.owned(r.sid(), n.Account, ok)
}

func (s *Server) getNotification(w http.ResponseWriter, r *request) error {
	n, err := s.findNotification(r)
	if err != nil {
		return err
	}
	return r.one(w, s.viewNotification(r, n, true))
}

func (s *Server) deleteNotification(w http.ResponseWriter, r *request) error {
	n, err := s.findNotification(r)
	if err != nil {
		return err
	}
	if err := s.deps.Store.DeleteNotification(r.Context(), n.SID); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
