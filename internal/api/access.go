package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"bailiwick/internal/access"
	"bailiwick/internal/authz"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
)

// mostChecks is how many questions one request asks.
const mostChecks = 100

func (a *API) accessOperations() {
	tag := "Access"
	add(a, operation{id: "checkAccess", route: "POST /access/check", tag: tag, about: "May somebody do this here?", optMark: true, status: http.StatusOK,
		more: "Asks one question, answered by `allowed`, or up to 100 in `checks`, answered in `results` in the same order. Without `user` the question is about the key itself: " +
			"what its owner may do now, cut by its scopes, and from where it is asked: whether it may send with a sub-account depends on the sub-account's list of addresses. " +
			"What the key cannot see is answered like what may not be done."}, a.checkAccess)
	add(a, operation{id: "explainAccess", route: "POST /access/explain", tag: tag, about: "Why may somebody do this here, or why not?", optMark: true, status: http.StatusOK}, a.explainAccess)
	add(a, operation{id: "listPermissions", route: "GET /permissions", tag: tag, about: "List the catalogue of permissions"}, a.listPermissions)
}

// AccessQuestion is one question about access.
type AccessQuestion struct {
	Account    string `json:"account" maxLength:"64" doc:"Where: the id of an account." example:"acc_01k8e7w3q4n5p6r7s8t9v0w1x2"`
	Permission string `json:"permission" maxLength:"100" doc:"What: a permission of the catalogue." example:"clients.edit"`
	SubAccount string `json:"subaccount,omitempty" maxLength:"64" doc:"With which sub-account."`
	User       string `json:"user,omitempty" maxLength:"64" doc:"Who, when it is not the key itself: the id of a person whom the key may see (users.view)."`
}

func (q AccessQuestion) question() access.Question {
	return access.Question{Account: ids.Account(q.Account), Perm: authz.Perm(q.Permission), SubAccount: ids.SubAccount(q.SubAccount), User: ids.User(q.User)}
}

// AccessCheck is one question, or many.
type AccessCheck struct {
	Account    string           `json:"account,omitempty" maxLength:"64" doc:"Where: the id of an account." example:"acc_01k8e7w3q4n5p6r7s8t9v0w1x2"`
	Permission string           `json:"permission,omitempty" maxLength:"100" doc:"What: a permission of the catalogue." example:"clients.edit"`
	SubAccount string           `json:"subaccount,omitempty" maxLength:"64" doc:"With which sub-account."`
	User       string           `json:"user,omitempty" maxLength:"64" doc:"Who, when it is not the key itself."`
	Checks     []AccessQuestion `json:"checks,omitempty" minItems:"1" maxItems:"100" doc:"Many questions instead of the one above."`
}

// AccessResult is the answer to one question of many.
type AccessResult struct {
	Allowed bool `json:"allowed"`
}

// AccessAnswer is the answer to one question, or to many.
type AccessAnswer struct {
	Allowed *bool          `json:"allowed,omitempty" doc:"The answer to a single question."`
	Results []AccessResult `json:"results,omitempty" doc:"The answers to checks, in their order."`
}

func (c AccessCheck) questions() ([]access.Question, error) {
	single := c.Account != "" || c.Permission != "" || c.SubAccount != "" || c.User != ""
	switch {
	case single && c.Checks != nil:
		return nil, errs.Field("checks", "access.both", "Send one question, or checks, not both.")
	case c.Checks == nil && (c.Account == "" || c.Permission == ""):
		return nil, errs.Field("account", "access.incomplete", "Name an account and a permission, or send checks.")
	case c.Checks == nil:
		return []access.Question{AccessQuestion{c.Account, c.Permission, c.SubAccount, c.User}.question()}, nil
	}
	out := make([]access.Question, len(c.Checks))
	for i, q := range c.Checks {
		out[i] = q.question()
	}
	return out, nil
}

func (a *API) checkAccess(ctx context.Context, by authz.Actor, in *struct{ Body AccessCheck }) (*Answer[AccessAnswer], error) {
	asked, err := in.Body.questions()
	if err != nil {
		return nil, err
	}
	allowed, err := a.Access.Check(ctx, by, asked)
	if at := (*access.Unanswered)(nil); errors.As(err, &at) && in.Body.Checks != nil {
		err = errs.Inside(fmt.Sprintf("checks[%d]", at.Question), err)
	}
	if err != nil {
		return nil, err
	}
	if in.Body.Checks == nil {
		return &Answer[AccessAnswer]{AccessAnswer{Allowed: &allowed[0]}}, nil
	}
	out := make([]AccessResult, len(allowed))
	for i, yes := range allowed {
		out[i].Allowed = yes
	}
	return &Answer[AccessAnswer]{AccessAnswer{Results: out}}, nil
}

// AccessReason is one reason on the way to a decision.
type AccessReason struct {
	Effect      string `json:"effect" enum:"neutral,grants,blocks"`
	Code        string `json:"code" doc:"What it is." example:"role_grants"`
	Account     string `json:"account,omitempty" doc:"The account that it comes from; absent when that is out of sight."`
	AccountName string `json:"account_name,omitempty"`
	Role        string `json:"role,omitempty" doc:"The role held there."`
	Package     string `json:"package,omitempty" doc:"The name of the package that withholds it."`
}

// AccessExplanation is a decision with its reasons, from the highest account down.
type AccessExplanation struct {
	Allowed bool           `json:"allowed"`
	Reasons []AccessReason `json:"reasons"`
}

func (a *API) explainAccess(ctx context.Context, by authz.Actor, in *struct{ Body AccessQuestion }) (*Answer[AccessExplanation], error) {
	x, err := a.Access.Explain(ctx, by, in.Body.question())
	if err != nil {
		return nil, err
	}
	out := AccessExplanation{Allowed: x.Allowed, Reasons: []AccessReason{}}
	for _, s := range x.Steps {
		out.Reasons = append(out.Reasons, AccessReason{
			Effect: map[authz.Verdict]string{authz.Neutral: "neutral", authz.Grants: "grants", authz.Blocks: "blocks"}[s.Verdict],
			Code:   s.Code, Account: string(s.Account), AccountName: s.Name, Role: string(s.Role), Package: s.Package,
		})
	}
	return &Answer[AccessExplanation]{out}, nil
}

// Permission is one permission of the catalogue.
type Permission struct {
	Name   string `json:"name" example:"clients.edit"`
	Module string `json:"module" example:"clients"`
	Action string `json:"action" example:"edit"`
}

func (a *API) listPermissions(context.Context, authz.Actor, *struct{}) (*Answer[List[Permission]], error) {
	return &Answer[List[Permission]]{permissionList(authz.Perms())}, nil
}

func permissionList(perms []authz.Perm) List[Permission] {
	out := List[Permission]{Items: make([]Permission, len(perms))}
	for i, p := range perms {
		out.Items[i] = Permission{string(p), p.Module(), p.Action()}
	}
	return out
}
