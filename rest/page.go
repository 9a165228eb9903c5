package rest

import (
	"bytes"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"tandem/switch/directory"
)

// The page sizes of 1.9.1.
const (
	defaultPage = 50
	maxPage     = 1000
)

// page is which part of a list is wanted.
type page struct {
	index, size int
	after       string
}

// page reads Page, PageSize and AfterSid.
func (r *request) page() (page, error) {
	q := r.URL.Query()
	p := page{size: defaultPage, after: directory.CallSID(q.Get("AfterSid"))}
	if v := q.Get("PageSize"); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil || n < 1 {
			return p, badRequest(0, "PageSize %q is not a number above zero", v)
		}
		p.size = min(n, maxPage)
	}
	if v := q.Get("Page"); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil || n < 0 || n > 1<<31/maxPage {
			return p, badRequest(0, "Page %q is not a page", v)
		}
		p.index = n
	}
	return p, nil
}

// of takes the page's part of a whole list.
func (p page) of(list []item) []item {
	from := min(p.index*p.size, len(list))
	for i, it := range list {
		if p.after != "" && it.sid == p.after {
			from = i + 1
		}
	}
	return list[from:min(from+p.size, len(list))]
}

// cut applies the paging parameters to a list that has no pages, if they are there.
func (r *request) cut(list []item) ([]item, error) {
	q := r.URL.Query()
	if !q.Has("Page") && !q.Has("PageSize") {
		return list, nil
	}
	p, err := r.page()
	if err != nil {
		return nil, err
	}
	return p.of(list), nil
}

// paged answers with one page of a list: name is that of the XML element, key of the JSON array.
func (r *request) paged(w http.ResponseWriter, name, key string, p page, total int, list []item) error {
	last := total / p.size
	if p.index > last {
		return badRequest(0, "Page %d is beyond the last page, %d", p.index, last)
	}
	env := r.envelope(p, total, last, list)
	var b bytes.Buffer
	if r.format == formatJSON {
		append(env, field{json: key, value: list}).json(&b)
	} else {
		b.WriteString("<RestcommResponse><" + name)
		for _, f := range env {
			b.WriteString(" " + f.xml + `="`)
			writeXML(&b, f.value)
			b.WriteByte('"')
		}
		if len(list) == 0 {
			b.WriteString("/></RestcommResponse>")
		} else {
			b.WriteByte('>')
			writeXML(&b, list)
			b.WriteString("</" + name + "></RestcommResponse>")
		}
	}
	r.send(w, http.StatusOK, b.Bytes())
	return nil
}

// envelope is what stands around a page (1.9.2, 1.9.3). Null is a text here.
func (r *request) envelope(p page, total, last int, list []item) fields {
	uri := base + r.below
	filters := r.filters()
	at := func(index int) string {
		return uri + "?Page=" + strconv.Itoa(index) + "&PageSize=" + strconv.Itoa(p.size) + filters
	}
	previous, next := "null", "null"
	if p.index > 0 {
		previous = at(p.index - 1)
	}
	if p.index < last {
		next = at(p.index + 1)
		if len(list) > 0 {
			next += "&AfterSid=" + list[len(list)-1].sid
		}
	}
	start := p.index * p.size
	end := start + p.size - 1
	if p.index == last {
		end = start + len(list)
	}
	return fields{
		{json: "page", xml: "page", value: p.index},
		{json: "num_pages", xml: "numpages", value: last},
		{json: "page_size", xml: "pagesize", value: p.size},
		{json: "total", xml: "total", value: total},
		{json: "start", xml: "start", value: strconv.Itoa(start)},
		{json: "end", xml: "end", value: strconv.Itoa(end)},
		{json: "uri", xml: "uri", value: uri},
		{json: "first_page_uri", xml: "firstpageuri", value: at(0)},
		{json: "previous_page_uri", xml: "previouspageuri", value: previous},
		{json: "next_page_uri", xml: "nextpageuri", value: next},
		{json: "last_page_uri", xml: "lastpageuri", value: at(last)},
	}
}

// filters are the other parameters of the request, in their order, to go with every link.
func (r *request) filters() string {
	var b strings.Builder
	for part := range strings.SplitSeq(r.URL.RawQuery, "&") {
		name, _, _ := strings.Cut(part, "=")
		name, err := url.QueryUnescape(name)
		switch {
		case err != nil, name == "", name == "Page", name == "PageSize", name == "AfterSid":
		default:
			b.WriteString("&" + part)
		}
	}
	return b.String()
}
