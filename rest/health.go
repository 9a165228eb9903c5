package rest

import (
	_ "embed" // openapi.yaml
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// openapi describes the API to programs.
//
//go:embed openapi.yaml
var openapi []byte

// watchers are the pages outside of the API: metrics, health, the texts of error
// codes and the description of the API. None asks for credentials.
func (s *Server) watchers() {
	if s.deps.Gatherer != nil {
		s.root.Handle("GET /metrics", promhttp.HandlerFor(s.deps.Gatherer, promhttp.HandlerOpts{}))
	}
	s.root.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { plain(w, http.StatusOK, "ok") })
	s.root.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		if s.deps.Ready != nil {
			if err := s.deps.Ready(); err != nil {
				plain(w, http.StatusServiceUnavailable, err.Error())
				return
			}
		}
		plain(w, http.StatusOK, "ready")
	})
	s.root.HandleFunc("GET /restcomm/errors/{page}", errorPage)
	s.root.HandleFunc("GET /restcomm/openapi.yaml", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/yaml")
		_, _ = w.Write(openapi)
	})
}

func plain(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = fmt.Fprintln(w, text)
}

// errorPage is the page that more_info points to.
func errorPage(w http.ResponseWriter, r *http.Request) {
	name, ok := strings.CutSuffix(r.PathValue("page"), ".html")
	code, err := strconv.Atoi(name)
	text, known := reasons[code]
	if !ok || err != nil || !known {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = fmt.Fprintf(w, "<!DOCTYPE html>\n<title>%d</title>\n<h1>%d %s</h1>\n<p>%s</p>\n", code, code, text.title, text.detail)
}
