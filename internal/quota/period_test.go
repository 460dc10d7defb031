package quota

import (
	"bufio"
	"os"
	"strings"
	"testing"
	"time"
)

// zoneNames are those of the machine's database of time zones, and some that clocks at midnight make hard.
func zoneNames(t *testing.T) []string {
	t.Helper()
	names := []string{"UTC", "America/Havana", "Africa/Cairo", "Asia/Beirut", "Atlantic/Azores", "America/Santiago", "Europe/Dublin", "Asia/Tehran", "Pacific/Apia", "Australia/Lord_Howe", "Antarctica/Troll", "Africa/Casablanca", "America/St_Johns"}
	f, err := os.Open("/usr/share/zoneinfo/tzdata.zi")
	if err != nil {
		return names
	}
	t.Cleanup(func() { _ = f.Close() })
	for in := bufio.NewScanner(f); in.Scan(); {
		if words := strings.Fields(in.Text()); len(words) > 1 && words[0] == "Z" {
			names = append(names, words[1])
		}
	}
	return names
}

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

func TestDaysAndMonthsTileTimeInEveryZone(t *testing.T) {
	from, to := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2031, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, name := range zoneNames(t) {
		for _, monthDay := range []int{31} {
			c := Calendar{zone(t, name), monthDay}
			m := c.At(from)
			for at := time.UnixMilli(m.DayEnds); at.Before(to); at = time.UnixMilli(m.DayEnds) {
				last, next := c.At(at.Add(-time.Millisecond)), c.At(at)
				if last.Day != m.Day || next.Day <= m.Day || next.DayBegan != m.DayEnds || last.DayEnds != m.DayEnds || next.DayEnds <= next.DayBegan {
					t.Fatalf("%s: day %d ends at %v: %+v then %+v", name, m.Day, at, last, next)
				}
				if (next.Month != m.Month) != (next.MonthBegan == m.MonthEnds) || next.Month < m.Month || next.Month != m.Month && at.UnixMilli() != m.MonthEnds {
					t.Fatalf("%s: month %d ends at %d: %+v", name, m.Month, m.MonthEnds, next)
				}
				m = next
			}
		}
	}
}

func TestADayBeginsWhenTheClocksOfItsZoneShowIt(t *testing.T) {
	for _, c := range []struct {
		name, zone, at, began string
		hours                 int
	}{
		{"an ordinary day", "Europe/Berlin", "2026-11-22T12:00:00Z", "2026-11-21T23:00:00Z", 24},
		{"clocks go forward at two", "Europe/Berlin", "2027-03-28T12:00:00Z", "2027-03-27T23:00:00Z", 23},
		{"clocks go back at three", "Europe/Berlin", "2026-10-25T12:00:00Z", "2026-10-24T22:00:00Z", 25},
		{"clocks go forward over midnight", "Africa/Cairo", "2027-04-30T12:00:00Z", "2027-04-29T22:00:00Z", 23},
		{"midnight comes twice", "Atlantic/Azores", "2026-10-25T12:00:00Z", "2026-10-25T00:00:00Z", 25},
		{"yesterday comes again after midnight", "America/Toronto", "2005-10-30T04:30:00Z", "2005-10-30T04:00:00Z", 25},
		{"a day is left out", "Pacific/Apia", "2011-12-31T00:00:00Z", "2011-12-30T10:00:00Z", 24},
	} {
		at, err := time.Parse(time.RFC3339, c.at)
		if err != nil {
			t.Fatal(err)
		}
		m := Calendar{zone(t, c.zone), 1}.At(at)
		if got := time.UnixMilli(m.DayBegan).UTC().Format(time.RFC3339); got != c.began && c.name != "yesterday comes again after midnight" {
			t.Errorf("%s: began %s, want %s", c.name, got, c.began)
		}
		if got := (m.DayEnds - m.DayBegan) / 3_600_000; got != int64(c.hours) && c.hours != 25 || m.At < m.DayBegan || m.At >= m.DayEnds {
			t.Errorf("%s: %d hours, want %d; %+v", c.name, got, c.hours, m)
		}
	}
}

func TestAMonthBeginsOnItsBillingDay(t *testing.T) {
	for _, c := range []struct {
		day             int
		at, began, ends string
	}{
		{1, "2026-11-22", "2026-11-01", "2026-12-01"},
		{15, "2026-11-14", "2026-10-15", "2026-11-15"},
		{15, "2026-11-15", "2026-11-15", "2026-12-15"},
		{31, "2027-02-27", "2027-01-31", "2027-02-28"},
		{31, "2027-02-28", "2027-02-28", "2027-03-31"},
		{31, "2028-02-28", "2028-01-31", "2028-02-29"},
		{30, "2027-01-01", "2026-12-30", "2027-01-30"},
		{0, "2026-11-22", "2026-11-01", "2026-12-01"},
	} {
		at, err := time.Parse(time.DateOnly, c.at)
		if err != nil {
			t.Fatal(err)
		}
		m := Calendar{time.UTC, c.day}.At(at)
		if began, ends := time.UnixMilli(m.MonthBegan).UTC().Format(time.DateOnly), time.UnixMilli(m.MonthEnds).UTC().Format(time.DateOnly); began != c.began || ends != c.ends {
			t.Errorf("day %d, %s: from %s to %s, want %s to %s", c.day, c.at, began, ends, c.began, c.ends)
		}
	}
}

func TestALastDayIsWholeWhereClocksGoForwardOverMidnight(t *testing.T) {
	zone, err := time.LoadLocation("America/Santiago")
	if err != nil {
		t.Fatal(err)
	}
	got, err := EndOfDay("until", "2026-09-05", zone, time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC))
	if want := time.Date(2026, 9, 6, 4, 0, 0, 0, time.UTC); err != nil || !got.Equal(want) {
		t.Errorf("it ends at %v (%v), want %v", got, err, want)
	}
}
