package rest

import (
	"context"
	"net/http"
	"strings"
	"time"

	"tandem/switch/call"
	"tandem/switch/cdr"
	"tandem/switch/directory"
)

// viewCall shows a call as its summary has it; updated is when that was last written.
func (s *Server) viewCall(c cdr.Record) item {
	path := apiPath + c.Account + "/Calls/" + string(c.ID)
	var duration, ring any
	if !c.Ended.IsZero() {
		duration = int(c.Duration() / time.Second)
	}
	if !c.Ended.IsZero() || !c.Answered.IsZero() {
		ring = int(c.Ring().Round(time.Second) / time.Second)
	}
	updated := c.Updated
	if updated.IsZero() {
		updated = c.Created
	}
	f := fields{
		{json: "sid", xml: "Sid", value: string(c.ID)},
		{json: "InstanceId", xml: "InstanceId", value: s.deps.Instance},
		{json: "date_created", xml: "DateCreated", value: s.date(c.Created)},
		{json: "date_updated", xml: "DateUpdated", value: s.date(updated)},
		{json: "parent_call_sid", xml: "ParentCallSid", value: string(c.Parent), keep: asEmpty},
		{json: "account_sid", xml: "AccountSid", value: c.Account},
		{json: "to", xml: "To", value: c.To},
		{json: "from", xml: "From", value: c.From},
		{json: "phone_number_sid", xml: "PhoneNumberSid", value: c.NumberSID, keep: asEmpty},
		{json: "status", xml: "Status", value: c.Status.String()},
		{json: "start_time", xml: "StartTime", value: s.iso(c.Created), keep: asEmpty},
		{json: "end_time", xml: "EndTime", value: s.iso(c.Ended), keep: asEmpty},
		{json: "duration", xml: "Duration", value: duration, keep: asEmpty},
		{json: "ring_duration", value: ring},
		{json: "price", xml: "Price", value: "0.00"},
		{json: "price_unit", xml: "PriceUnit", value: "USD"},
		{json: "direction", xml: "Direction", value: c.Direction.String()},
		{xml: "AnsweredBy", keep: asEmpty},
		{json: "api_version", xml: "ApiVersion", value: directory.APIVersion},
		{json: "forwarded_from", xml: "ForwardedFrom", value: c.ForwardedFrom, keep: asEmpty},
		{json: "caller_name", xml: "CallerName", value: c.CallerName, keep: asEmpty},
	}
	f = append(f, uri(path)...)
	return item{name: "Call", sid: string(c.ID), fields: append(f,
		field{json: "subresource_uris", xml: "SubresourceUris", value: fields{
			{json: "notifications", value: path + "/Notifications.json"},
			{xml: "Notifications", value: path + "/Notifications"},
			{json: "recordings", value: path + "/Recordings.json"},
			{xml: "Recordings", value: path + "/Recordings"},
		}},
		field{xml: "Ring_duration", value: ring})}
}

// record finds a call: as it is when it is up, else as it was written.
func (s *Server) record(ctx context.Context, sid string) (cdr.Record, bool, error) {
	id := call.ID(directory.CallSID(sid))
	if c, ok := s.deps.Live.Find(id); ok {
		if sum := c.Summary(); !sum.Status.Final() { //nolint:contextcheck // the loop of a call never blocks
			return cdr.Record{Summary: sum}, true, nil
		}
	}
	if err := s.deps.Store.Flush(ctx); err != nil {
		return cdr.Record{}, false, err
	}
	return s.deps.Store.Call(ctx, id)
}

func (s *Server) findCall(r *request) (cdr.Record, error) {
	rec, ok, err := s.record(r.Context(), r.sid())
	if err != nil {
		return rec, err
	}
	return rec, r.owned(directory.CallSID(r.sid()), rec.Account, ok)
}

func (s *Server) getCall(w http.ResponseWriter, r *request) error {
	rec, err := s.findCall(r)
	if err != nil {
		return err
	}
	return r.one(w, s.viewCall(rec))
}

// deleteCall erases the record of a call that has ended.
func (s *Server) deleteCall(w http.ResponseWriter, r *request) error {
	rec, err := s.findCall(r)
	if err != nil {
		return err
	}
	if _, up := s.deps.Live.Find(rec.ID); up {
		return problem{Status: http.StatusConflict, Code: 1103, Message: "The call is still up"}
	}
	if err := s.deps.Store.DeleteCall(r.Context(), string(rec.ID)); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// listCalls is paged, filtered and sorted by the store (2.7.4).
func (s *Server) listCalls(w http.ResponseWriter, r *request) error {
	p, err := r.page()
	if err != nil {
		return err
	}
	q, err := s.callQuery(r)
	if err != nil {
		return err
	}
	if err := s.deps.Store.Flush(r.Context()); err != nil {
		return err
	}
	if status, ok := call.ParseStatus(q.Status); ok && !status.Final() {
		return s.listLive(w, r, q, p, status)
	}
	q.Limit, q.Offset, q.After = p.size, p.index*p.size, p.after
	found, err := s.deps.Store.Calls(r.Context(), q)
	if err != nil {
		return err
	}
	list := make([]item, len(found.Records))
	for i, rec := range found.Records {
		list[i] = s.viewCall(s.current(rec))
	}
	return r.paged(w, "Calls", "calls", p, found.Total, list)
}

// listLive lists the calls that are up and in one status now.
func (s *Server) listLive(w http.ResponseWriter, r *request, q cdr.Query, p page, status call.Status) error {
	q.Status, q.Live = "", true
	found, err := s.deps.Store.Calls(r.Context(), q)
	if err != nil {
		return err
	}
	var list []item
	for _, rec := range found.Records {
		if rec = s.current(rec); rec.Status == status {
			list = append(list, s.viewCall(rec))
		}
	}
	return r.paged(w, "Calls", "calls", p, len(list), p.of(list))
}

// current replaces the record of a call that is up by what the call says itself.
func (s *Server) current(rec cdr.Record) cdr.Record {
	if !rec.Ended.IsZero() {
		return rec
	}
	if c, ok := s.deps.Live.Find(rec.ID); ok {
		rec.Summary = c.Summary()
	}
	return rec
}

var callFields = map[string]cdr.Field{
	"DateCreated": cdr.ByCreated, "From": cdr.ByFrom, "To": cdr.ByTo,
	"Direction": cdr.ByDirection, "Status": cdr.ByStatus, "Duration": cdr.ByDuration,
}

// callQuery reads the filters of 1.10 and 2.7.4.
func (s *Server) callQuery(r *request) (cdr.Query, error) {
	v := r.URL.Query()
	q := cdr.Query{
		Accounts: s.accountsOf(r), To: v.Get("To"), From: v.Get("From"), Status: strings.ToLower(v.Get("Status")),
		Direction: strings.ToLower(v.Get("Direction")), Parent: directory.CallSID(v.Get("ParentCallSid")),
		Descending: isTrue(v.Get("Reverse")),
	}
	if q.Status == "wait-for-answer" {
		q.Status = call.StatusRinging.String()
	}
	if by := v.Get("SortBy"); by != "" {
		name, descending, err := sortBy(by)
		if err != nil {
			return q, err
		}
		field, ok := callFields[name]
		switch {
		case ok:
			q.Sort, q.Descending = field, descending
		case name == "Price":
			q.Descending = true // all cost the same: newest first
		default:
			return q, badRequest(0, "Error parsing the SortBy parameter: unknown field %q", name)
		}
	}
	return q, s.dates(r, []dateFilter{
		{"StartTime", &q.StartFrom, nil},
		{"StartTime>", &q.StartFrom, nil},
		{"StartTime<", nil, &q.StartTo},
		{"EndTime", nil, &q.EndTo},
		{"EndTime>", &q.EndFrom, nil},
		{"EndTime<", nil, &q.EndTo},
	})
}
