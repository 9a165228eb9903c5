package rcml

import (
	"strings"

	"tandem/switch/call"
)

// parseClient reads <Client>: a registered phone of the account.
func parseClient(e *element) (noun, error) {
	text := e.text
	var parameters []call.Header
	for _, c := range e.only("Identity", "Parameter", "Video") {
		switch c.name {
		case "Identity":
			text = c.text
		case "Video":
			text = video(e, c)
		case "Parameter":
			parameters = append(parameters, call.Header{Name: "X-" + c.str("name"), Value: c.str("value")})
		}
	}
	n := noun{kind: call.TargetClient}
	n.value, n.headers = split(e, strings.TrimPrefix(text, "client:"))
	n.headers = append(n.headers, checked(e, parameters)...)
	return n.common(e)
}
