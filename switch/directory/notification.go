package directory

import "time"

// Notification tells an account what went wrong (or nearly so) in one of its
// documents or webhooks (RCML specification, section 6).
type Notification struct {
	SID              string // NO…
	Account          string // AC…
	Call             string // CA…; "" when no call was concerned
	Warning          bool   // log level 1 instead of 0
	Code             int    // 11200 …
	Text             string
	RequestURL       string
	RequestMethod    string
	RequestVariables string // the form that was sent
	ResponseHeaders  string
	ResponseBody     string
	Date             time.Time
	APIVersion       string
}

// NotificationQuery selects and orders notifications. What is zero does not narrow.
type NotificationQuery struct {
	Accounts      []string // any of these
	Call          string
	From, To      time.Time // at or after the one and before the other
	Code          *int
	URL, Text     string // somewhere in the request's URL, in the text
	Warning       *bool
	Sort          NotificationField
	Descending    bool
	Limit, Offset int
	After         string // SID of a notification: begin behind it instead of at Offset, if it is among those selected
}

// NotificationField is what notifications can be ordered by. Ties are broken by date, newest first, then by SID.
type NotificationField uint8

// The fields.
const (
	ByDate NotificationField = iota
	ByLog
	ByCode
	ByCall
	ByText
)

// NotificationPage is a part of what a query selects.
type NotificationPage struct {
	Notifications []Notification
	Total         int // how many the query selects in all
}
