package store

import (
	"context"
	"database/sql/driver"

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

func (n *notificationRow) statement(args []driver.Value) (string, []driver.Value) {
	return `INSERT INTO notifications (sid, account, call_sid, warning, code, text, request_url, request_method, request_variables,
 response_headers, response_body, date, api_version) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		append(args, n.SID, n.Account, n.Call, n.Warning, int64(n.Code), n.Text, n.RequestURL, n.RequestMethod, n.RequestVariables,
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

var notificationColumns = [...]string{
	directory.ByDate: "date", directory.ByLog: "warning", directory.ByCode: "code", directory.ByCall: "call_sid", directory.ByText: "text",
}

// Notifications returns the notifications a query selects, one page of them.
func (s *Store) Notifications(ctx context.Context, q directory.NotificationQuery) (directory.NotificationPage, error) {
	c := &condition{}
	c.among("account", q.Accounts)
	c.equal("call_sid", q.Call)
	c.between("date", q.From, q.To)
	c.contains("request_url", q.URL)
	c.contains("text", q.Text)
	if q.Code != nil {
		c.add("code = ?", *q.Code)
	}
	if q.Warning != nil {
		c.add("warning = ?", *q.Warning)
	}
	var page directory.NotificationPage
	var err error
	page.Notifications, page.Total, err = notifications.page(ctx, s.readers, c, listing{
		created: "date", column: notificationColumns[q.Sort], descending: q.Descending, limit: q.Limit, offset: q.Offset, after: q.After,
	})
	return page, err
}

// Notification returns one notification by its SID.
func (s *Store) Notification(ctx context.Context, sid string) (directory.Notification, bool, error) {
	list, err := notifications.all(ctx, s.readers, "WHERE sid = ?", sid)
	if err != nil || len(list) == 0 {
		return directory.Notification{}, false, err
	}
	return list[0], true, nil
}

// DeleteNotification erases a notification; directory.ErrNotFound when it is not there.
func (s *Store) DeleteNotification(ctx context.Context, sid string) error {
	return s.writer.do(ctx, func(tx execer) error { return notifications.delete(tx, sid) }, nil)
}

// DeleteNotifications erases all notifications of an account.
func (s *Store) DeleteNotifications(ctx context.Context, account string) error {
	return s.writer.do(ctx, func(tx execer) error {
		_, err := tx.Exec("DELETE FROM notifications WHERE account = ?", account)
		return notifications.wrap("delete from", err)
	}, nil)
}
