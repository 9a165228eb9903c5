package sipua_test

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// defects are what design.md §2 found in other SIP layers, and the tests that show it is not so here. Those named
// transport.… stand in package transport.
var defects = []struct {
	row   string
	tests []string
}{
	{"back-to-back messages of one dialog are reversed", []string{"transport.TestUDPOrder", "TestOrderIsKept", "TestReinviteOvertakesTheACK"}},
	{"UDP messages above 1,300 bytes fail, answers included", []string{"transport.TestUDPRequestAndAnswer", "TestLongAnswer", "TestLongInvite"}},
	{"datagrams above 32 KB vanish", []string{"transport.TestUDPLargeDatagrams"}},
	{"UDP sources are remembered for ever", []string{"transport.TestUDPSourcesAreNotKept", "TestSourcesAreBounded"}},
	{"an idle TCP connection blocks the other listener", []string{"transport.TestTCPIdleConnectionsBlockNobody", "transport.TestTCPLimits", "transport.TestTCPDeadlines"}},
	{"pings with payload break the stream", []string{"transport.TestTCPKeepAlive", "transport.TestTCPFraming"}},
	{"a connection's requests can go to another one", []string{"transport.TestTCPFlowsAreNeverMixed", "transport.TestTCPConnect", "TestRegisterOverEachNetwork"}},
	{"To tags differ between 180, 200 and 487", []string{"TestCallComesInAndIsHungUp", "TestCallerGivesUp"}},
	{"strict routing is missing", []string{"TestRoutes", "TestRoutesOfACallThatComesIn"}},
	{"target refresh is missing", []string{"TestTargetRefresh", "TestPhoneMoves"}},
	{"merged requests", []string{"TestMergedRequest"}},
	{"CSeq order", []string{"TestSequenceNumbers"}},
	{"duplicate headers, version, Require are unchecked", []string{"TestChecks", "TestTorture", "TestMalformed"}},
	{"a 2xx is sent again without end", []string{"TestAnswerGoesOutAgainUntilTheACK"}},
	{"a 2xx that crosses CANCEL is left alone", []string{"TestAnswerCrossesCancel", "TestCancelCrossesTheAnswer", "TestAnswerComesTooLate"}},
	{"a second, forked 2xx is left alone", []string{"TestForkedCall"}},
	{"more than 10 provisional answers fail the call", []string{"TestManyProvisionals"}},
	{"malformed requests vanish", []string{"TestMalformedIsAnsweredAndTheNextCallWorks", "transport.TestUDPMalformedButAnswerable", "transport.TestTCPMalformedButAnswerable"}},
	{"header values are not checked for CR, LF, NUL", []string{"TestSettable", "TestCallGoesOut", "TestStamps"}},
}

// A test that was renamed leaves a hole here.
func TestEveryDefectHasItsTest(t *testing.T) {
	have := map[string]bool{}
	for prefix, dir := range map[string]string{"": ".", "transport.": "../transport"} {
		files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			source, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range regexp.MustCompile(`(?m)^func (Test\w+)\(`).FindAllSubmatch(source, -1) {
				have[prefix+string(m[1])] = true
			}
		}
	}
	for _, d := range defects {
		for _, name := range d.tests {
			if !have[name] {
				t.Errorf("%s: there is no %s", d.row, name)
			}
		}
	}
}
