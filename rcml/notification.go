package rcml

// Codes of notifications, as section 6 of the language has them. The names tell errors (note…), which usually end the
// call, from warnings (warn…), which never do.
const (
	noteBadURL     = 11100
	noteStatus     = 11200
	noteConnect    = 11205
	noteRedirects  = 11215
	noteTooLarge   = 11750
	noteSyntax     = 12100
	warnElement    = 12200
	warnType       = 12300
	noteNoTarget   = 13201
	warnDialMethod = 13210
	warnDialTime   = 13212
	noteCallerID   = 13214
	warnDialLimit  = 13216
	warnPlayLoop   = 13410
	notePlay       = 13420
	warnRedirect   = 13710
	warnPause      = 13910
	warnNotFound   = 21402
	warnTargets    = 19001
	warnHeader     = 19003
	warnNotBuilt   = 19008
)

// warnings are the codes whose notifications have log level 1.
var warnings = map[int]bool{
	warnElement: true, warnType: true, warnDialMethod: true, warnDialTime: true, warnDialLimit: true, warnPlayLoop: true,
	warnRedirect: true, warnPause: true, warnNotFound: true, warnTargets: true, warnHeader: true, warnNotBuilt: true,
}
