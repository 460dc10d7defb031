package contact

import (
	"slices"

	"bailiwick/internal/authz"
	"bailiwick/internal/errs"
	"bailiwick/internal/setting"
)

// Coverage is what unsubscribing stops.
type Coverage string

// The coverages, from the narrowest.
const (
	OfList       Coverage = "list"       // the list that the message was sent to
	OfDepartment Coverage = "department" // everything of the account that the contact belongs to
	OfCustomer   Coverage = "customer"   // everything of the customer and all its departments
)

// Part is a part of what an account knows of a contact.
type Part string

// The parts. The email is never changed by a link: whoever has it could have another's mailbox written to.
const (
	PartName     Part = "name"
	PartEmail    Part = "email"
	PartPhone    Part = "phone"
	PartLanguage Part = "language"
	PartDetails  Part = "details"
)

// The settings of contacts.
var (
	visible = setting.Key[[]string]{Name: "contact.visible", Default: []string{"name", "email", "language"}, Merge: setting.Override[[]string], Check: offered("name", "email", "phone", "language", "details"),
		Control: setting.Control{Kind: setting.Choices, Options: []string{"name", "email", "phone", "language", "details"}}}
	changeable = setting.Key[[]string]{Name: "contact.changeable", Default: []string{"name", "language"}, Merge: setting.Override[[]string], Check: offered("name", "phone", "language", "details"),
		Control: setting.Control{Kind: setting.Choices, Options: []string{"name", "phone", "language", "details"}}}
	listsShown = setting.Key[bool]{Name: "contact.lists_shown", Default: true, Merge: setting.Override[bool], Control: setting.Control{Kind: setting.Switch}}
	coverage   = setting.Key[Coverage]{Name: "contact.unsubscribe", Default: OfList, Merge: setting.Override[Coverage], Check: oneOf(OfList, OfDepartment, OfCustomer),
		Control: setting.Control{Kind: setting.Choice, Options: []string{string(OfList), string(OfDepartment), string(OfCustomer)}}}
	doubleOptIn = setting.Key[bool]{Name: "contact.confirm", Default: false, Merge: setting.Override[bool], Control: setting.Control{Kind: setting.Switch, Mails: true}}
	masking     = setting.Key[Mask]{Name: "contact.masking", Default: MaskAll, Merge: setting.Override[Mask], Check: oneOf(MaskAll, MaskAddresses, MaskNothing), Needs: authz.ContactsViewFull,
		Control: setting.Control{Kind: setting.Choice, Options: []string{string(MaskAll), string(MaskAddresses), string(MaskNothing)}}}
)

// Pages lists the settings of the pages that contacts open.
func Pages() []setting.Any { return []setting.Any{visible, changeable, listsShown} }

// Consent lists the settings of subscribing and unsubscribing.
func Consent() []setting.Any { return []setting.Any{coverage, doubleOptIn} }

// Privacy lists the settings of what users see.
func Privacy() []setting.Any { return []setting.Any{masking} }

func notOffered() error {
	return errs.New(errs.Invalid, "setting.not_offered", "Choose one of what is offered.")
}

func oneOf[T comparable](all ...T) func(T) error {
	return func(v T) error {
		if !slices.Contains(all, v) {
			return notOffered()
		}
		return nil
	}
}

func offered(all ...string) func([]string) error {
	return func(some []string) error {
		if slices.ContainsFunc(some, func(v string) bool { return !slices.Contains(all, v) }) {
			return notOffered()
		}
		return nil
	}
}
