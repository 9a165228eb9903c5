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
