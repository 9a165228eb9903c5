package rest

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"tandem/switch/directory"
)

// engineTime is how long a handler waits for the call engine and the disk (1.12).
const engineTime = 10 * time.Second

// Server is the HTTP side of the switch.
type Server struct {
	cfg   Config
	deps  Deps
	roles directory.Roles
	zone  *time.Location
	// stranger is refused in place of unknown accounts.
	stranger directory.Account
	api      *http.ServeMux
	built    map[string]resource // by pattern
	root     *http.ServeMux
	metrics  metrics
}

// handler answers one method of a resource.
type handler func(w http.ResponseWriter, r *request) error

// resource is what stands at one pattern: its name for permissions and metrics, and its methods.
type resource struct {
	name    string
	methods map[string]handler
}

// New returns the handler of the whole HTTP side. The configuration must be valid.
func New(cfg Config, d Deps) *Server {
	zone, err := time.LoadLocation(cfg.TimeZone)
	if err != nil {
		zone = time.UTC
	}
	s := &Server{cfg: cfg, deps: d, roles: directory.DefaultRoles(), zone: zone, metrics: newMetrics(d.Registerer), built: map[string]resource{}}
	s.stranger = newStranger(directory.Derivation(cfg.TokenDerivation))
	s.api, s.root = http.NewServeMux(), http.NewServeMux()
	s.routes()
	s.watchers()
	return s
}

// routes is the API, relative to its base. PUT is POST on everything that has a SID.
func (s *Server) routes() {
	const account = "/Accounts/{account}"
	list := func(path, name string, get, post handler) {
		m := map[string]handler{http.MethodGet: get}
		if post != nil {
			m[http.MethodPost] = post
		}
		s.handle(path, resource{name, m})
	}
	one := func(path, name string, get, post, del handler) {
		m := map[string]handler{http.MethodGet: get}
		if post != nil {
			m[http.MethodPost], m[http.MethodPut] = post, post
		}
		if del != nil {
			m[http.MethodDelete] = del
		}
		s.handle(path, resource{name, m})
	}
	list("/Accounts", "Accounts", s.listAccounts, s.createAccount)
	one(account, "Accounts", s.getAccount, s.updateAccount, nil)
	list(account+"/Applications", "Applications", s.listApplications, s.createApplication)
	one(account+"/Applications/{sid}", "Applications", s.getApplication, s.updateApplication, s.deleteApplication)
	list(account+"/Clients", "Clients", s.listClients, s.createClient)
	one(account+"/Clients/{sid}", "Clients", s.getClient, s.updateClient, s.deleteClient)
	list(account+"/IncomingPhoneNumbers", "IncomingPhoneNumbers", s.listNumbers, s.createNumber)
	one(account+"/IncomingPhoneNumbers/{sid}", "IncomingPhoneNumbers", s.getNumber, s.updateNumber, s.deleteNumber)
	for _, kind := range []string{"Local", "TollFree", "Mobile"} {
		list(account+"/IncomingPhoneNumbers/"+kind, "IncomingPhoneNumbers", s.listNumbers, s.createNumber)
	}
	list(account+"/Calls", "Calls", s.listCalls, s.createCall)
	one(account+"/Calls/{sid}", "Calls", s.getCall, s.modifyCall, s.deleteCall)
	list(account+"/Calls/{sid}/Notifications", "Notifications", s.listCallNotifications, nil)
	list(account+"/Notifications", "Notifications", s.listNotifications, nil)
	s.handle(account+"/Notifications/{sid}", resource{"Notifications", map[string]handler{
		http.MethodGet: s.getNotification, http.MethodDelete: s.deleteNotification,
	}})
	for _, name := range notBuilt {
		s.handle(account+"/"+name, resource{name, nil})
		s.handle(account+"/"+name+"/{rest...}", resource{name, nil})
	}
	s.handle(account+"/Calls/{sid}/{rest...}", resource{"Calls subresources", nil})
}

// notBuilt are resources that answer 501 (2.26 and the package's decisions).
var notBuilt = []string{
	"Geolocation", "UssdPush", "Faxes", "ShortCodes", "Sandbox", "ExtensionsConfiguration", "Profiles", "Cache", "Tags",
	"AvailablePhoneNumbers", "OutgoingCallerIds", "Conferences", "Recordings", "Transcriptions", "SMS", "Messages", "Email",
	"Usage", "Traces", "Users", "Keys", "Registrations", "Queues", "Management", "OutboundProxy", "Announcements", "Supervisor",
	"Plays", "Says", "Gathers", "Holds", "Resumes", "Refers",
}

func (s *Server) handle(path string, res resource) {
	s.api.Handle(path, res)
	s.built[path] = res
}

// ServeHTTP makes a resource fit the mux, which only finds it; Server.serve runs it.
func (resource) ServeHTTP(http.ResponseWriter, *http.Request) {}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	below, f, ok := canonical(r.URL.Path, r.Header.Get("Accept"))
	if !ok {
		s.root.ServeHTTP(w, r)
		return
	}
	w.Header().Set("X-Request-Id", requestID(r))
	w.Header().Set("Cache-Control", "no-store")
	if s.preflight(w, r) {
		return
	}
	if below == "/Logout" {
		w.WriteHeader(http.StatusOK)
		return
	}
	s.call(w, r, below, f)
}

// call runs one request of the API, in the time it may take.
func (s *Server) call(w http.ResponseWriter, original *http.Request, below string, f format) {
	ctx, cancel := context.WithTimeoutCause(original.Context(), engineTime, errSlow)
	defer cancel()
	r := &request{Request: original.WithContext(ctx), format: f, s: s, below: below}
	began := time.Now()
	seen := &statusWriter{ResponseWriter: w}
	if err := s.serve(seen, r); err != nil {
		s.fail(seen, r, err)
	}
	s.metrics.served(r.resource, original.Method, seen.status, time.Since(began))
}

var errSlow = problem{Status: http.StatusServiceUnavailable, Code: 1000, Message: "The request took too long", Retry: 1}

// serve finds out who calls and what is asked for, and asks the resource.
func (s *Server) serve(w http.ResponseWriter, r *request) error {
	if s.cfg.HTTPSOnly && !secure(r.Request) {
		return problem{Status: http.StatusForbidden, Message: "HTTPS is required"}
	}
	if err := s.authenticate(r); err != nil {
		return err
	}
	probe := &http.Request{Method: http.MethodGet, URL: cloneURL(r.URL, r.below), Host: r.Host}
	found, pattern := s.api.Handler(probe)
	res, ok := found.(resource)
	if !ok {
		return errNotFound
	}
	r.resource = res.name
	r.values = match(pattern, r.below)
	if err := s.authorize(r, res); err != nil {
		return err
	}
	if res.methods == nil {
		return problem{Status: http.StatusNotImplemented, Message: "Feature Not Supported (" + res.name + ")"}
	}
	h, ok := res.methods[r.verb()]
	if !ok {
		return problem{Status: http.StatusMethodNotAllowed, Message: "Method not allowed", Allow: res.allow()}
	}
	if err := r.readForm(w); err != nil {
		return err
	}
	err := h(w, r)
	if errors.Is(err, context.DeadlineExceeded) {
		return errSlow
	}
	return err
}

// allow is the value of the Allow header.
func (res resource) allow() string {
	list := slices.Sorted(maps.Keys(res.methods))
	if _, ok := res.methods[http.MethodGet]; ok {
		list = append(list, http.MethodHead)
	}
	return strings.Join(append(list, http.MethodOptions), ", ")
}

// match reads the wildcards of a pattern off a path that fits it.
func match(pattern, path string) map[string]string {
	values := map[string]string{}
	have := strings.Split(path, "/")
	for i, p := range strings.Split(pattern, "/") {
		if strings.HasPrefix(p, "{") && i < len(have) {
			values[strings.Trim(p, "{}.")] = have[i]
		}
	}
	return values
}

var idPattern = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// requestID is the request's own, if it is fit for a log.
func requestID(r *http.Request) string {
	if id := r.Header.Get("X-Request-Id"); idPattern.MatchString(id) {
		return id
	}
	return directory.NewSID("")
}

// statusWriter remembers the status for the metrics.
type statusWriter struct {
	http.ResponseWriter
	status int
}

// WriteHeader keeps the status.
func (w *statusWriter) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap gives http.ResponseController the writer below.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func class(status int) string { return strconv.Itoa(status/100) + "xx" }
