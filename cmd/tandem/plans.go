package main

import (
	"strings"

	"tandem/rcml"
	"tandem/rest"
	"tandem/script"
	"tandem/switch/call"
	"tandem/switch/route"
	"tandem/switch/store"
)

// plans makes the handlers of calls: the one place where routing, documents and scripts meet.
type plans struct {
	table     *store.Store
	documents *rcml.Engine
	scripts   *script.Engine
}

// builders are the kinds of plans that a route can name.
func (p plans) builders() map[string]route.Build {
	return map[string]route.Build{route.KindPlain: p.plain, route.KindRCML: p.document, route.KindLua: p.script}
}

// build makes the handler of a plan of any kind.
func (p plans) build(plan route.Plan) call.Handler {
	if b := p.builders()[plan.Kind]; b != nil {
		return b(plan)
	}
	return nil
}

func (p plans) plain(route.Plan) call.Handler { return route.Plain{Table: p.table} }

func (p plans) document(plan route.Plan) call.Handler {
	return &rcml.Handler{
		Engine: p.documents, URL: plan.Source, Method: plan.Method,
		FallbackURL: plan.FallbackURL, FallbackMethod: plan.FallbackMethod,
		Status: rcml.StatusCallback{URL: plan.StatusCallback, Method: plan.StatusCallbackMethod},
	}
}

func (p plans) script(plan route.Plan) call.Handler {
	return &script.Handler{Engine: p.scripts, File: plan.Source}
}

// progress reports the steps of calls whose plan is no document; documents report their own.
func (p plans) progress(plan route.Plan) func(call.Progress) {
	if plan.Kind == route.KindRCML {
		return nil
	}
	return p.documents.Progress(rcml.StatusCallback{URL: plan.StatusCallback, Method: plan.StatusCallbackMethod})
}

// restProgress reports the steps of a call that REST placed.
func (p plans) restProgress(s rest.StatusCallback) func(call.Progress) {
	return p.documents.Progress(rcml.StatusCallback{URL: s.URL, Method: s.Method, Events: strings.Join(s.Events, " ")})
}
