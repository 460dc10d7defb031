package submit

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"bailiwick/internal/errs"
	"bailiwick/internal/setting"
)

// Bounces is where mail that cannot be delivered goes back to.
type Bounces string

// The places.
const (
	ToPlatform Bounces = "platform" // an address made for the message, so that the bounce is counted
	ToUser     Bounces = "user"     // whoever sends the message
	ToFrom     Bounces = "from"     // the address in the message's From field
)

// megabyte is what the settings count in, in bytes.
const megabyte = 1 << 20

// maxAdded is how long a footer or a disclaimer may be, in characters.
const maxAdded = 10_000

// The settings of messages.
var (
	footerKey = setting.Key[setting.MailText]{Name: "message.footer", Merge: setting.Override[setting.MailText], Check: checkFooter,
		Control: setting.Control{Kind: setting.Mail}}
	attachments = setting.Key[bool]{Name: "message.attachments", Default: true, Merge: setting.Override[bool],
		Control: setting.Control{Kind: setting.Switch}}
	largestAttachment = setting.Key[int]{Name: "message.largest_attachment", Default: 10, Merge: setting.Override[int], Check: megabytes,
		Control: setting.Control{Kind: setting.Number, Unit: "megabytes", Low: 1, High: 100}}
	attachmentTypes = setting.Key[[]string]{Name: "message.attachment_types", Default: []string{}, Merge: setting.Override[[]string], Check: checkTypes,
		Control: setting.Control{Kind: setting.Words}}
	images = setting.Key[bool]{Name: "message.images", Default: true, Merge: setting.Override[bool],
		Control: setting.Control{Kind: setting.Switch}}
	largestMessage = setting.Key[int]{Name: "message.largest", Default: 25, Merge: setting.Override[int], Check: megabytes,
		Control: setting.Control{Kind: setting.Number, Unit: "megabytes", Low: 1, High: 100}}
	bounceKey = setting.Key[Bounces]{Name: "message.bounces", Default: ToPlatform, Merge: setting.Override[Bounces], Check: checkBounces,
		Control: setting.Control{Kind: setting.Choice, Options: []string{string(ToPlatform), string(ToUser), string(ToFrom)}}}
	disclaimerKey = setting.Key[string]{Name: "message.disclaimer", Merge: setting.Override[string], Check: checkAdded,
		Control: setting.Control{Kind: setting.Text}}
	keepDays = setting.Key[int]{Name: "message.keep_days", Default: 90, Merge: setting.Override[int], Check: days(1),
		Control: setting.Control{Kind: setting.Number, Unit: "days", Low: 1, High: longestKept}}
	keepTextDays = setting.Key[int]{Name: "message.keep_text_days", Default: 30, Merge: setting.Override[int], Check: days(0),
		Control: setting.Control{Kind: setting.Number, Unit: "days", Low: 0, High: longestKept}}
)

// longestKept is how long messages can be kept, in days.
const longestKept = 3650

// Settings lists the settings of messages.
func Settings() []setting.Any {
	return []setting.Any{footerKey, attachments, largestAttachment, attachmentTypes, images, largestMessage, bounceKey, disclaimerKey, keepDays, keepTextDays}
}

// Personal lists the settings of messages that people have of their own.
func Personal() []setting.Any {
	own := bounceKey
	own.Control.Options = []string{string(ToUser), string(ToFrom)}
	return []setting.Any{own, disclaimerKey}
}

// Rules are what applies to the messages of one sender: the settings in force, in the units that the transformation uses.
type Rules struct {
	Footer            setting.MailText
	Disclaimer        string
	Attachments       bool     // allowed
	LargestAttachment int64    // bytes
	Types             []string // endings of file names in lower case, "pdf"; none allows all
	Images            bool     // allowed in the text
	Largest           int64    // bytes
	Bought            bool     // Largest is what the client's package includes, which is less than the settings allow
	Bounces           Bounces
	KeepDays          int // that the log says what became of a message
	KeepTextDays      int // that its subject and text are kept, no more than KeepDays; 0 for never
}

// Within is the rules for a client whose package includes messages of up to some megabytes: the tighter of both applies.
func (r Rules) Within(mb int64) Rules {
	if bought := mb * megabyte; bought < r.Largest {
		r.Largest, r.Bought = bought, true
	}
	return r
}

// RulesOf reads the rules from the settings in force on an account, for a member who has some values of their own, by the
// names of the settings; nil where nobody sends.
func RulesOf(on *setting.InForce, own map[string]json.RawMessage) (r Rules, err error) {
	var attachment, message int
	from := taker{on, own, &err}
	take(from, footerKey, &r.Footer)
	take(from, disclaimerKey, &r.Disclaimer)
	take(from, attachments, &r.Attachments)
	take(from, largestAttachment, &attachment)
	take(from, attachmentTypes, &r.Types)
	take(from, images, &r.Images)
	take(from, largestMessage, &message)
	take(from, bounceKey, &r.Bounces)
	take(from, keepDays, &r.KeepDays)
	take(from, keepTextDays, &r.KeepTextDays)
	r.KeepTextDays = min(r.KeepTextDays, r.KeepDays)
	r.LargestAttachment, r.Largest = int64(attachment)*megabyte, int64(message)*megabyte
	r.Types = endings(r.Types)
	return r, err
}

// taker reads rules until one cannot be read.
type taker struct {
	on     *setting.InForce
	own    map[string]json.RawMessage
	failed *error
}

func take[T any](t taker, k setting.Key[T], to *T) {
	v, err := setting.InFor(t.on, k, t.own[k.Name])
	if err != nil && *t.failed == nil {
		*t.failed = fmt.Errorf("read %s: %w", k.Name, err)
	}
	*to = v
}

// endings are the types as they are compared: ".PDF" is "pdf".
func endings(typed []string) []string {
	out := make([]string, len(typed))
	for i, t := range typed {
		out[i] = strings.TrimPrefix(strings.ToLower(t), ".")
	}
	return out
}

var anEnding = regexp.MustCompile(`^\.?[a-zA-Z0-9_-]{1,16}$`)

func checkTypes(types []string) error {
	if len(types) > 200 {
		return errs.New(errs.Invalid, "submit.types_many", "Write up to {most} endings of file names.", "most", 200)
	}
	if i := slices.IndexFunc(types, func(t string) bool { return !anEnding.MatchString(t) }); i >= 0 {
		return errs.New(errs.Invalid, "submit.type_unknown", "Write endings of file names like pdf or docx, one a line. {type} is not one.", "type", types[i])
	}
	return nil
}

func megabytes(n int) error {
	if n < 1 || n > 100 {
		return errs.New(errs.Invalid, "submit.megabytes", "Write a number from {low} to {high}.", "low", 1, "high", 100)
	}
	return nil
}

func days(least int) func(int) error {
	return func(n int) error {
		if n < least || n > longestKept {
			return errs.New(errs.Invalid, "submit.keep_days", "Write a number of days from {low} to {high}.", "low", least, "high", longestKept)
		}
		return nil
	}
}

func checkBounces(b Bounces) error {
	if !slices.Contains([]Bounces{ToPlatform, ToUser, ToFrom}, b) {
		return errs.New(errs.Invalid, "setting.not_offered", "Choose one of what is offered.")
	}
	return nil
}

func checkAdded(text string) error {
	if utf8.RuneCountInString(text) > maxAdded {
		return errs.New(errs.Invalid, "submit.added_long", "Write up to {most} characters. This goes into every message.", "most", maxAdded)
	}
	return nil
}

func checkFooter(f setting.MailText) error {
	if err := checkAdded(f.Text); err != nil {
		return err
	}
	if err := checkAdded(f.HTML); err != nil {
		return err
	}
	_, err := tidy(f.HTML)
	return err
}
