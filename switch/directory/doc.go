// Package directory says who and what is known to the switch: accounts, the SIP
// clients, numbers and applications that belong to them, and the routes of the
// dial plan; with the rules each of them obeys. It does no I/O: store keeps these
// values, sipua, route and rest read them.
//
// It implements the parts of RFC 2617 and RFC 7616 that concern stored secrets
// (HA1, section 3.4.2) and the password rule of the REST specification, 2.3.3.
//
// # Decisions
//
// 2026-11-21: Values are plain structs, copied when handed out, so that a cache
// can be shared by many readers without a lock. Whoever changes one writes a new
// one through store.
//
// 2026-11-21: There is one organization. Logins and numbers are unique over the
// whole switch; when organizations come, the unique keys gain a column.
//
// 2026-11-21: A phone number is accepted when it is possible by its length and
// country (libphonenumber's IsPossibleNumber), not only when its area code is
// assigned: number plans change faster than the library, and private plans and
// examples (+1 555 …) must work.
package directory
