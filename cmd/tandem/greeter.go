package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"text/tabwriter"
	"text/template"
)

// firstRun is what a newcomer needs and what only the first run can tell: secrets are stored hashed.
type firstRun struct {
	Account struct {
		SID       string `json:"sid"`
		Email     string `json:"email"`
		Password  string `json:"password"`
		AuthToken string `json:"auth_token"`
	} `json:"account"`
	Realm   string         `json:"realm"`
	SIP     []string       `json:"sip"`  // listeners, "udp:127.0.0.1:5060"
	HTTP    string         `json:"http"` // base URL of the API
	Clients []seededClient `json:"clients"`
	Numbers []demoNumber   `json:"numbers"`
}

type seededClient struct {
	Login    string `json:"login"`
	Password string `json:"password"`
}

type demoNumber struct {
	Number string `json:"number"`
	Does   string `json:"does"`
}

// greeter tells the newcomer: on the terminal, or in a file for scripts.
type greeter struct {
	out  io.Writer
	file string // "": the terminal
}

func newGreeter(out io.Writer, file string) *greeter { return &greeter{out, file} }

// greet says where the switch listens and, when first is not nil, who may use it.
func (g *greeter) greet(sip []string, http string, first *firstRun) error {
	if first != nil {
		first.SIP, first.HTTP = sip, http
		if g.file != "" {
			return g.write(first)
		}
	}
	w := tabwriter.NewWriter(g.out, 0, 0, 2, ' ', 0)
	if err := greeting.Execute(w, map[string]any{"SIP": sip, "HTTP": http, "First": first}); err != nil {
		return err
	}
	return w.Flush()
}

// greeting is what the terminal shows. A tab ends a column.
var greeting = template.Must(template.New("greeting").Parse(`
Tandem is ready.
{{- range .SIP}}
  SIP	{{.}}{{end}}
  REST	{{.HTTP}}/restcomm/2012-04-24
  metrics	{{.HTTP}}/metrics
{{with .First}}
This is the first run: what follows is printed only once.
  account SID	{{.Account.SID}}
  auth token	{{.Account.AuthToken}}
  password	{{.Account.Password}}

Register two phones (the domain is this machine's address, the transport UDP or TCP):
{{- range .Clients}}
  user {{.Login}}	password {{.Password}}{{end}}

Then call:
{{- range .Numbers}}
  {{.Number}}	{{.Does}}{{end}}
{{end}}`))

// write puts what only the first run knows into a file that nobody else can
// read. The file appears whole: scripts wait for it.
func (g *greeter) write(first *firstRun) error {
	data, err := json.MarshalIndent(first, "", "  ")
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(g.file), ".credentials-*") // mode 0600
	if err != nil {
		return fmt.Errorf("credentials: %w", err)
	}
	_, err = f.Write(append(data, '\n'))
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), g.file)
	}
	if err != nil {
		return fmt.Errorf("credentials: %w", errors.Join(err, os.Remove(f.Name())))
	}
	return nil
}
