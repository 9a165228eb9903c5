package rest

import (
	"bytes"
	"net/http"
	"strconv"
)

// format is a representation.
type format uint8

const (
	formatXML format = iota
	formatJSON
)

var contentTypes = [...]string{
	formatXML: "application/xml; charset=utf-8", formatJSON: "application/json; charset=utf-8",
}

// one answers with a resource.
func (r *request) one(w http.ResponseWriter, it item) error {
	if r.format == formatJSON {
		r.write(w, http.StatusOK, it.fields)
	} else {
		r.write(w, http.StatusOK, fields{{xml: it.name, value: it.fields}})
	}
	return nil
}

// many answers with a list that has no pages.
func (r *request) many(w http.ResponseWriter, name string, list []item) error {
	list, err := r.cut(list)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if r.format == formatJSON {
		writeJSON(&b, list)
	} else {
		fields{{xml: "RestcommResponse", value: fields{{xml: name, value: list, keep: asEmpty}}}}.xml(&b)
	}
	r.send(w, http.StatusOK, b.Bytes())
	return nil
}

// write answers with an object: bare in JSON, below the root in XML.
func (r *request) write(w http.ResponseWriter, status int, f fields) {
	var b bytes.Buffer
	if r.format == formatJSON {
		f.json(&b)
	} else {
		fields{{xml: "RestcommResponse", value: f}}.xml(&b)
	}
	r.send(w, status, b.Bytes())
}

func (r *request) send(w http.ResponseWriter, status int, body []byte) {
	h := w.Header()
	h.Set("Content-Type", contentTypes[r.format])
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client has gone: nobody to tell
}
