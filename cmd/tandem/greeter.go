package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"text/tabwriter"
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
	fmt.Fprintln(w, "\nTandem is ready.")
	for _, l := range sip {
		fmt.Fprintf(w, "  SIP\t%s\n", l)
	}
	fmt.Fprintf(w, "  REST\t%s/restcomm/2012-04-24\n  metrics\t%s/metrics\n", http, http)
	if first == nil {
		return w.Flush()
	}
	fmt.Fprintf(w, "\nThis is the first run: what follows is printed only once.\n  account SID\t%s\n  auth token\t%s\n  password\t%s\n",
		first.Account.SID, first.Account.AuthToken, first.Account.Password)
	fmt.Fprintln(w, "\nRegister two phones (the domain is this machine's address, the transport UDP or TCP):")
	for _, c := range first.Clients {
		fmt.Fprintf(w, "  user %s\tpassword %s\n", c.Login, c.Password)
	}
	fmt.Fprintln(w, "\nThen call:")
	for _, n := range first.Numbers {
		fmt.Fprintf(w, "  %s\t%s\n", n.Number, n.Does)
	}
	fmt.Fprintln(w)
	return w.Flush()
}

// write puts what only the first run knows into a file that nobody else can read.
func (g *greeter) write(first *firstRun) error {
	data, err := json.MarshalIndent(first, "", "  ")
	if err != nil {
		return err
	}
	f, err := os.OpenFile(g.file, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("credentials: %w", err)
	}
	if err := f.Chmod(0o600); err != nil { // the file may have been there before
		return fmt.Errorf("credentials: %w", err)
	}
	if _, err := f.Write(append(data, '\n')); err != nil {
		return fmt.Errorf("credentials: %w", err)
	}
	return f.Close()
}
