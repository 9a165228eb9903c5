package rest

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
)

// field is one property of a resource in both representations. A row without
// json or xml is left out of that one: so the two may differ in order.
type field struct {
	json, xml string
	value     any // string, int, bool, fields, []item; nil or "" is no value
	keep      keep
}

// keep says where a property without a value is still shown (1.6).
type keep uint8

const (
	asNull  keep = 1 << iota // JSON: null
	asEmpty                  // XML: an empty element
)

// fields are the properties of a resource, in order.
type fields []field

// item is a resource: its element's name and its properties.
type item struct {
	name string
	sid  string
	fields
}

func none(v any) bool { return v == nil || v == "" }

func (f fields) json(b *bytes.Buffer) {
	b.WriteByte('{')
	first := true
	for _, x := range f {
		if x.json == "" || none(x.value) && x.keep&asNull == 0 {
			continue
		}
		if !first {
			b.WriteByte(',')
		}
		first = false
		writeJSON(b, x.json)
		b.WriteByte(':')
		writeJSON(b, x.value)
	}
	b.WriteByte('}')
}

func writeJSON(b *bytes.Buffer, v any) {
	switch v := v.(type) {
	case fields:
		v.json(b)
	case []item:
		b.WriteByte('[')
		for i, it := range v {
			if i > 0 {
				b.WriteByte(',')
			}
			it.json(b)
		}
		b.WriteByte(']')
	default:
		if none(v) {
			v = nil
		}
		e := json.NewEncoder(b)
		e.SetEscapeHTML(false)
		_ = e.Encode(v) // strings, numbers and booleans always encode
		b.Truncate(b.Len() - 1)
	}
}

func (f fields) xml(b *bytes.Buffer) {
	for _, x := range f {
		switch {
		case x.xml == "":
		case !none(x.value):
			b.WriteString("<" + x.xml + ">")
			writeXML(b, x.value)
			b.WriteString("</" + x.xml + ">")
		case x.keep&asEmpty != 0:
			b.WriteString("<" + x.xml + "/>")
		}
	}
}

func writeXML(b *bytes.Buffer, v any) {
	switch v := v.(type) {
	case fields:
		v.xml(b)
	case []item:
		for _, it := range v {
			it.xml(b)
		}
	case string:
		escape(b, v)
	default:
		fmt.Fprint(b, v)
	}
}

func (it item) xml(b *bytes.Buffer) {
	b.WriteString("<" + it.name + ">")
	it.fields.xml(b)
	b.WriteString("</" + it.name + ">")
}

func escape(b *bytes.Buffer, s string) {
	_ = xml.EscapeText(b, []byte(s)) // a Buffer takes everything
}
