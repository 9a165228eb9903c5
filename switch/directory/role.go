package directory

import "strings"

// Roles maps a role to its permissions, strings of the form
// "RestComm:<Create|Read|Modify|Delete>:<resource>" in which each part may be "*".
type Roles map[string][]string

// DefaultRoles are the roles of the REST specification, 1.5.
func DefaultRoles() Roles {
	common := func(more ...string) []string {
		list := make([]string, 0, 16)
		for _, r := range []string{
			"Calls", "Conferences", "Clients", "Applications", "IncomingPhoneNumbers", "OutgoingCallerIds", "Queues", "SMS", "Email",
		} {
			list = append(list, "RestComm:*:"+r)
		}
		return append(append(list, "RestComm:Read:*"), more...)
	}
	return Roles{
		"Administrator":     {"RestComm:*:*"},
		"Developer":         common("RestComm:Modify:Accounts", "RestComm:Delete:Recordings"),
		"ProvisioningAgent": common("RestComm:Modify:AccountPassword"),
	}
}

// Known tells whether the role exists.
func (r Roles) Known(role string) bool {
	_, ok := r[role]
	return ok
}

// May tells whether the role permits the action (Create, Read, Modify, Delete) on the resource.
func (r Roles) May(role, action, resource string) bool {
	for _, p := range r[role] {
		part := strings.Split(p, ":")
		if len(part) == 3 && covers(part[0], "RestComm") && covers(part[1], action) && covers(part[2], resource) {
			return true
		}
	}
	return false
}

func covers(pattern, s string) bool { return pattern == "*" || pattern == s }
