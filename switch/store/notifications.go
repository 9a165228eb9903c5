package store

import (
	"context"

	"tandem/switch/call"
	"tandem/switch/directory"
)

var notifications = table[directory.Notification]{
	name: "notifications",
	columns: columns(`sid account call_sid warning code text request_url request_method request_variables
		response_headers response_body date api_version`),
	scan: func(row scanner, n *directory.Notification) error {
		return row.Scan(&n.SID, &n.Account, &n.Call, &n.Warning, &n.Code, &n.Text, &n.RequestURL, &n.RequestMethod, &n.RequestVariables,
			&n.ResponseHeaders, &n.ResponseBody, at{&n.Date}, &n.APIVersion)
	},
}

type notificationRow directory.Notification

func (n *notificationRow) statement(args []any) (string, []any) {
	return `INSERT INTO notifications (sid, account, call_sid, warning, code, text, request_url, request_method, request_variables,
 response_headers, response_body, date, api_version) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		append(args, n.SID, n.Account, n.Call, n.Warning, n.Code, n.Text, n.RequestURL, n.RequestMethod, n.RequestVariables,
			n.ResponseHeaders, n.ResponseBody, milli(n.Date), n.APIVersion)
}

// OfCalls is a call.Notifier that keeps its notifications in a store. All are errors.
type OfCalls struct{ Store *Store }

// Notify queues what a call has to tell its account.
func (o OfCalls) Notify(n call.Notification) {
	o.Store.Notify(directory.Notification{
		Account: n.Account, Call: string(n.Call), Code: n.Code, Text: n.Text, RequestURL: n.URL, Date: n.At,
	})
}

// Notify queues a notification; an empty SID is filled in.
func (s *Store) Notify(n directory.Notification) {
	if n.SID == "" {
		n.SID = directory.NewSID(directory.PrefixNotification)
	}
	if n.APIVersion == "" {
		n.APIVersion = directory.APIVersion
	}
	s.writer.save((*notificationRow)(&n))
}

// Notifications returns the notifications of an account, oldest first; call narrows them to one call.
func (s *Store) Notifications(ctx context.Context, account, call string) ([]directory.Notification, error) {
	if call != "" {
		return notifications.all(ctx, s.readers, "WHERE account = ? AND call_sid = ? ORDER BY date, sid", account, call)
	}
	return notifications.all(ctx, s.readers, "WHERE account = ? ORDER BY date, sid", account)
}
