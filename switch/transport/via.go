package transport

// via counts the values of one Via header and, of the topmost of the message, keeps sent-by and branch
// (RFC 3261 §20.42).
func (x *indexer) via(from, to int) {
	if x.m.Vias > 0 {
		x.countVias(from, to)
		return
	}
	i := from
	// sent-protocol: three tokens with slashes between, which may have white space around them
	for part := range 3 {
		start := i
		for i < to && class[x.b[i]]&token != 0 {
			i++
		}
		bad := start == i || part == 0 && !equalFold(x.text(start, i), "sip")
		end := i
		i = x.skipSpace(i, to)
		if part < 2 {
			bad = bad || i == to || x.b[i] != '/'
			i = x.skipSpace(i+1, to)
		} else {
			bad = bad || i == end // white space ends the protocol
		}
		if bad {
			x.fail("Via", start, 400, "it does not begin with SIP/2.0/transport")
			x.countVias(from, to)
			return
		}
	}
	i = x.sentBy(i, to)
	x.m.Vias++
	for i < to && x.b[i] == ';' {
		var name, value string
		if name, value, i = x.param(i, to); i > to {
			break
		}
		if x.m.Branch == "" && equalFold(name, "branch") {
			x.m.Branch = value
		}
	}
	switch {
	case i > to:
		x.fail("Via", from, 400, "a quote is not closed")
	case i < to && x.b[i] == ',':
		x.countVias(i+1, to)
	case i < to:
		x.fail("Via", i, 400, "there is something between its parameters")
	}
}

// sentBy reads host [":" port] and returns where it ends: at a semicolon, a comma or the end.
func (x *indexer) sentBy(i, to int) int {
	start := i
	for i < to && x.b[i] != ';' && x.b[i] != ',' {
		i++
	}
	_, end := x.trim(start, i)
	x.m.SentBy = x.text(start, end)
	if x.m.SentBy == "" {
		x.fail("Via", start, 400, "there is no sent-by")
	}
	return i
}

// countVias counts comma-separated values.
func (x *indexer) countVias(i, to int) {
	x.m.Vias++
	for i < to {
		switch x.b[i] {
		case '"':
			i = x.quoted(i, to)
		case ',':
			x.m.Vias++
			i++
		default:
			i++
		}
	}
	if i > to {
		x.fail("Via", to, 400, "a quote is not closed")
	}
}
