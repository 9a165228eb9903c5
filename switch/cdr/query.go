package cdr

import "time"

// Query selects and orders records. What is zero does not narrow.
type Query struct {
	Accounts           []string // any of these
	To, From           string   // the end of the text; "%" stands for any run of characters
	Status             string
	Direction          string
	Parent             string
	StartFrom, StartTo time.Time // created at or after the one and before the other
	EndFrom, EndTo     time.Time // the same for the end; a call that is up has none
	Live               bool      // only calls without an end
	Sort               Field
	Descending         bool
	Limit, Offset      int
	After              string // SID of a record: begin behind it instead of at Offset, if it is among those selected
}

// Field is what records can be ordered by. Ties are broken by creation, newest first, then by SID.
type Field uint8

// The fields.
const (
	ByCreated Field = iota
	ByFrom
	ByTo
	ByDirection
	ByStatus
	ByDuration
)

// Page is a part of what a Query selects.
type Page struct {
	Records []Record
	Total   int // how many the query selects in all
}
