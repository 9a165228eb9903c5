// Package script runs Lua on calls: a Handler is a call.Handler whose plan is a file.
//
// A script is straight-line code with a call in its hands:
//
//	call:answer()
//	call:play("welcome.wav")
//	local r = call:dial{to = "client:bob", timeout = 20}
//	if not r.bridged then
//	  log.warn("nobody", {status = r.status})
//	  call:play("nobody.wav")
//	end
//
// call:answer(), call:ring(), call:echo(), call:hangup([reason]), call:reject([code [, reason]]), call:pause(seconds),
// call:play(file or URL [, loops]) and call:dial{…} are the capabilities of switch/call; call:var(name [, value])
// reads and sets what outlives the script; call.id, from, to, caller_name, account, client, direction, status, parent and
// headers are facts. log.info, log.warn and log.error take a text and, if wanted, a table of facts. A play that cannot be
// played returns nil and why. Everything else that goes wrong, and the end of the call, ends the script.
//
// # Sandbox
//
// Of Lua's libraries there are the harmless part of the base, string, table and math; none that reads files, loads code,
// knows the process or starts coroutines. Every call sees globals and library tables of its own. A meter
// (meter.go) watches each script: so many instructions and so much time between two waits, so many bytes of strings
// and tables in all. Functions that could run long or make much in one instruction are our own: patterns count their
// steps, and whatever makes a string knows the longest that is allowed, ".." included.
// A script over its limits loses its call and nobody else's.
//
// # Decisions
//
// 2026-11-21: gopher-lua asks its context before each instruction. The meter is that context: it counts, and closes when
// the count is used up. This costs a few nanoseconds an instruction and needs no change of the library.
//
// 2026-11-21: the library cannot bound "..": so each file's syntax tree is rewritten before it is compiled, and every concatenation
// becomes a call of a bounded function.
//
// 2026-11-21: memory is measured by walking what the script can reach, once so many instructions or bytes have passed. It is an
// estimate, but one that finds a runaway table within milliseconds.
//
// 2026-11-21: a state whose script made a mistake is thrown away; the others are used again with new globals. Making a
// state takes 250 us, new globals 10.
package script
