package rest

import (
	"context"
	"time"

	"tandem/switch/call"
	"tandem/switch/directory"
)

// changeStatus applies a status to the whole subtree, children first.
func (s *Server) changeStatus(r *request, to directory.AccountStatus) error {
	return s.subtree(r.target, func(a directory.Account) error {
		if a.Status == directory.Closed {
			return nil // for good
		}
		if to == directory.Closed {
			if err := s.emptyAccount(r.Context(), a); err != nil {
				return err
			}
		}
		_, err := s.deps.Store.ChangeAccount(r.Context(), a.SID, func(a *directory.Account) error {
			a.Status, a.Updated = to, time.Now()
			return nil
		})
		if to != directory.Active {
			for _, c := range s.deps.Store.Clients(a.SID) {
				s.deps.Registrations.Remove(c.Login)
			}
		}
		return err
	})
}

// subtree visits an account's descendants and then the account.
func (s *Server) subtree(a directory.Account, visit func(directory.Account) error) error {
	for _, child := range s.deps.Store.Accounts(a.SID) {
		if err := s.subtree(child, visit); err != nil {
			return err
		}
	}
	return visit(a)
}

// emptyAccount removes what a closed account cannot keep and hangs up its calls. Records stay.
func (s *Server) emptyAccount(ctx context.Context, a directory.Account) error {
	for _, n := range s.deps.Store.Numbers(a.SID) {
		if err := s.deps.Store.DeleteNumber(ctx, n.SID); err != nil {
			return err
		}
	}
	for _, c := range s.deps.Store.Clients(a.SID) {
		if err := s.deps.Store.DeleteClient(ctx, c.SID); err != nil {
			return err
		}
		s.deps.Registrations.Remove(c.Login)
	}
	for _, app := range s.deps.Store.Applications(a.SID) {
		if err := s.deps.Store.DeleteApplication(ctx, app.SID); err != nil {
			return err
		}
	}
	if err := s.deps.Store.DeleteNotifications(ctx, a.SID); err != nil {
		return err
	}
	for _, sum := range s.deps.Live.List() {
		if c, ok := s.deps.Live.Find(sum.ID); ok && sum.Account == a.SID {
			_ = c.Hangup(ctx, call.CauseNormal) // it may have ended by itself
		}
	}
	return nil
}
