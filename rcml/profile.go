package rcml

// Profile decides what the sources of the language contradict each other on. A field is one row of the specification's
// table, named in its comment; the code asks the field and never which profile it is.
type Profile struct {
	Name             string
	StayAfterCallee  bool   // P01: the caller stays connected when the callee hangs up
	TimeoutStatus    string // P02: DialCallStatus after the ringing time
	AbandonedStatus  string // P03: DialCallStatus when the caller gives up
	DefaultEvents    string // P09: statusCallbackEvent when absent
	BlankSeparates   bool   // P10: blanks part a list as commas do
	EventAsStatus    bool   // P11: CallStatus of leg callbacks is the event's name
	FixedSequence    bool   // P12: SequenceNumber by event, not counted
	QueryInBody      bool   // P14: the query of a POST's URL moves into the body
	FirstURLIsBase   bool   // P15: relative URLs resolve against the URL before redirects
	DeclineDropsAll  bool   // P21: a declined screening ends the caller as well
	KeysInDial       bool   // P25: sendDigits and hangupOnStar count
	NullUnknown      bool   // P27: CallerName and ForwardedFrom are "null" when unknown
	CheckRoot        bool   // P28: the root must be <Response>
	EnterUnknown     bool   // P29: verbs inside an unknown element run
	NullSID          bool   // P30: DialCallSid is "null" when no leg could be made
	Grace            bool   // P31: five more seconds of ringing
	AnswerFirst      bool   // P33: a first Redirect answers the call
	LimitEndsCaller  bool   // P35: timeLimit ends the caller as well
	PlayErrorEnds    bool   // P37: a sound that cannot be had ends the call
	FallbackOnSyntax bool   // P38: a document that does not parse counts for the fallback
	ReadUntyped      bool   // P42: a body without content type is parsed when it begins with "<"
	EmptyRepeats     bool   // P43: a Redirect without text requests the current document again
	Copies           bool   // Called and Caller are sent beside To and From
}

const allEvents = "initiated,ringing,answered,completed"

// Profiles are the columns of the table.
var Profiles = map[string]*Profile{
	"standard":  &standard,
	"restcomm8": &restcomm8,
	"twilio":    &twilio,
	"":          &standard,
}

var standard = Profile{
	Name: "standard", StayAfterCallee: true, TimeoutStatus: "no-answer", AbandonedStatus: "canceled",
	DefaultEvents: allEvents, BlankSeparates: true, KeysInDial: true, CheckRoot: true,
	FallbackOnSyntax: true, ReadUntyped: true,
}

var restcomm8 = Profile{
	Name: "restcomm8", TimeoutStatus: "canceled", AbandonedStatus: "completed", DefaultEvents: allEvents,
	EventAsStatus: true, FixedSequence: true, QueryInBody: true, FirstURLIsBase: true, DeclineDropsAll: true,
	NullUnknown: true, EnterUnknown: true, NullSID: true, AnswerFirst: true, LimitEndsCaller: true,
	PlayErrorEnds: true,
}

var twilio = Profile{
	Name: "twilio", StayAfterCallee: true, TimeoutStatus: "no-answer", AbandonedStatus: "canceled",
	DefaultEvents: "completed", BlankSeparates: true, KeysInDial: true, CheckRoot: true, Grace: true,
	FallbackOnSyntax: true, ReadUntyped: true, EmptyRepeats: true, Copies: true,
}
