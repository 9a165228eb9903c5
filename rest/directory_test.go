package rest_test

import (
	"net/http"
	"slices"
	"testing"

	"tandem/switch/directory"
)

func TestAccounts(t *testing.T) {
	w := newWorld(t)
	const accounts = "/restcomm/2012-04-24/Accounts"
	t.Run("26 direct children", func(t *testing.T) {
		list := w.array(accounts + ".json")
		if len(list) != 1 || list[0]["sid"] != w.b.SID {
			t.Errorf("got %v", list)
		}
	})
	made := w.object("POST", accounts+".json", form("EmailAddress", "new@example.net", "Password", password))
	sid := made["sid"].(string)
	t.Run("27 create", func(t *testing.T) {
		w.same("sid", sid, directory.AccountSID("new@example.net"))
		w.same("status", made["status"], "active")
		w.same("friendly_name", made["friendly_name"], "new@example.net")
		w.same("auth_token", made["auth_token"], w.a.Token) // of the same password
		w.same("role", made["role"], "Administrator")
	})
	for _, row := range []struct {
		name, form string
		status     int
		text       string
	}{
		{"28 again", form("EmailAddress", "new@example.net", "Password", password), 409, "already in use"},
		{"29 weak", form("EmailAddress", "x@example.net", "Password", "1234"), 400, "weak"},
		{"29 strong", form("EmailAddress", "x@example.net", "Password", "asd123$#@"), 200, ""},
		{"30 no e-mail", form("Password", password), 400, "EmailAddress"},
		{"30 no password", form("EmailAddress", "y@example.net"), 400, "Password"},
		{"bad e-mail", form("EmailAddress", "y?@example.net", "Password", password), 400, "EmailAddress"},
		{"unknown role", form("EmailAddress", "y@example.net", "Password", password, "Role", "King"), 400, "Role"},
		{"long name", form("EmailAddress", "y@example.net", "Password", password, "FriendlyName", string(make([]byte, 65))), 400, "FriendlyName"},
	} {
		t.Run(row.name, func(t *testing.T) { w.want(row.status, "POST", accounts+".json", row.form, row.text) })
	}
	t.Run("31 third level", func(t *testing.T) {
		w.as(w.c, func() {
			w.want(400, "POST", accounts+".json", form("EmailAddress", "z@example.net", "Password", password),
				`"message":"This account is not allowed to have sub-accounts"`, `"code":3303`)
		})
	})
	t.Run("32 and 41 developer", func(t *testing.T) {
		dev := w.addAccount("dev@example.net", w.a.SID, "Developer")
		w.as(dev, func() {
			w.want(403, "POST", accounts+".json", form("EmailAddress", "z@example.net", "Password", password))
			w.want(403, "POST", accounts+"/"+dev.SID+".json", "Role=Administrator")
			w.want(200, "POST", accounts+"/"+dev.SID+".json", "FriendlyName=D")
		})
	})
	t.Run("33 linked client", func(t *testing.T) {
		list := w.array(accounts + "/" + sid + "/Clients.json")
		if len(list) != 1 || list[0]["login"] != "new" {
			t.Errorf("got %v", list)
		}
	})
	t.Run("34 password", func(t *testing.T) {
		v := w.object("POST", accounts+".json/"+sid, "Password=Restcomm2")
		if v["auth_token"] == made["auth_token"] {
			t.Error("the token is the same")
		}
		old := directory.Account{SID: sid, Token: made["auth_token"].(string)}
		w.as(old, func() { w.want(401, "GET", accounts+"/"+sid+"/Clients", "") })
		if c, _ := w.store.Client("new"); c.HA1MD5 == ha1("new") || !slices.Contains(w.unregistered, "new") {
			t.Error("the client did not follow")
		}
	})
	t.Run("35 name", func(t *testing.T) {
		w.same("friendly_name", w.object("PUT", accounts+"/"+sid+".json", "FriendlyName=Renamed")["friendly_name"], "Renamed")
		if c, _ := w.store.Client("new"); c.FriendlyName != "Renamed" {
			t.Errorf("client is called %q", c.FriendlyName)
		}
	})
	t.Run("36 suspend", func(t *testing.T) {
		w.same("status", w.object("POST", accounts+"/{B}.json", "Status=suspended")["status"], "suspended")
		for _, a := range []directory.Account{w.b, w.c} {
			w.as(a, func() { w.want(403, "GET", accounts+"/"+a.SID+"/Clients", "") })
		}
		w.object("POST", accounts+"/{B}.json", "Status=active")
		w.as(w.c, func() { w.want(200, "GET", accounts+"/"+w.c.SID+"/Clients", "") })
	})
	t.Run("38 status", func(t *testing.T) { w.want(400, "POST", accounts+"/{B}.json", "Status=sleeping") })
	t.Run("39 delete", func(t *testing.T) { w.want(405, "DELETE", accounts+"/{B}.json", "") })
	t.Run("40 by e-mail", func(t *testing.T) {
		w.same("sid", w.object("GET", accounts+"/admin%40example.net.json", "")["sid"], w.a.SID)
	})
	t.Run("37 close", func(t *testing.T) {
		below := accounts + "/{B}"
		w.object("POST", below+"/Clients.json", form("Login", "bob", "Password", password))
		w.object("POST", below+"/IncomingPhoneNumbers.json", "PhoneNumber=77&isSIP=true")
		w.object("POST", below+"/Applications.json", "FriendlyName=M")
		w.same("status", w.object("POST", below+".json", "Status=CLOSED")["status"], "closed")
		w.want(400, "POST", below+".json", "FriendlyName=x", "Account is closed")
		w.same("clients", len(w.array(below+"/Clients.json")), 0)
		w.same("applications", len(w.array(below+"/Applications.json")), 0)
		w.same("numbers", w.object("GET", below+"/IncomingPhoneNumbers.json", "")["total"], 0)
		w.want(403, "POST", accounts+"/{A}.json", "Status=closed")
	})
	t.Run("uninitialized", func(t *testing.T) {
		w.setStatus(w.x, directory.Uninitialized)
		w.as(w.x, func() {
			w.want(403, "GET", accounts+"/{X}/Clients", "")
			w.want(200, "GET", accounts+"/{X}", "")
			w.same("status", w.object("POST", accounts+"/{X}.json", "Password=RestComm1234")["status"], "active")
		})
	})
}

func TestClients(t *testing.T) {
	w := newWorld(t)
	made := w.object("POST", r+"/Clients.json", form("Login", "bob", "Password", "asd123$%x9"))
	sid := made["sid"].(string)
	one := r + "/Clients/" + sid
	t.Run("42 create", func(t *testing.T) {
		w.same("status", made["status"], "1")
		w.same("friendly_name", made["friendly_name"], "bob")
		w.same("password_algorithm", made["password_algorithm"], "MD5")
		if _, there := made["voice_url"]; there || made["password"] == "asd123$%x9" || len(made["password"].(string)) != 32 {
			t.Errorf("got %v", made)
		}
	})
	t.Run("43 again", func(t *testing.T) {
		v := w.object("POST", r+"/Clients.json", form("Login", "bob", "Password", "asd123$%x9", "FriendlyName", "Bobby"))
		w.same("sid", v["sid"], sid)
		w.same("friendly_name", v["friendly_name"], "bob")
	})
	for _, row := range []struct {
		name, form string
		status     int
		text       string
	}{
		{"45 @", form("Login", "bo@b", "Password", password), 400, "invalid character(s)"},
		{"45 ?", form("Login", "bo?b", "Password", password), 400, "invalid character(s)"},
		{"45 =", form("Login", "bo=b", "Password", password), 400, "invalid character(s)"},
		{"46 no login", form("Password", password), 400, "Login can not be null."},
		{"46 no password", form("Login", "x"), 400, "Password can not be null."},
		{"47 weak", form("Login", "x", "Password", "1234"), 400, "weak"},
		{"47 code", form("Login", "x", "Password", "1234"), 400, "3202"},
		{"status", form("Login", "x", "Password", password, "Status", "2"), 400, "Status"},
		{"url", form("Login", "x", "Password", password, "VoiceUrl", "ftp://x"), 400, "21402"},
		{"method", form("Login", "x", "Password", password, "VoiceMethod", "PUT"), 400, "21403"},
		{"application", form("Login", "x", "Password", password, "VoiceApplicationSid", "AP0"), 400, "21218"},
		{"push", form("Login", "x", "Password", password, "IsPushEnabled", "maybe"), 400, "IsPushEnabled"},
	} {
		t.Run(row.name, func(t *testing.T) { w.want(row.status, "POST", r+"/Clients.json", row.form, row.text) })
	}
	t.Run("44 another account", func(t *testing.T) {
		w.want(409, "POST", "/restcomm/2012-04-24/Accounts/{B}/Clients.json", form("Login", "bob", "Password", password))
	})
	t.Run("48 URL", func(t *testing.T) {
		w.same("voice_url", w.object("PUT", one+".json", form("VoiceUrl", "https://a.example/v"))["voice_url"], "https://a.example/v")
		if v, there := w.object("PUT", one+".json", "VoiceUrl=")["voice_url"]; there {
			t.Errorf("voice_url is still %v", v)
		}
	})
	t.Run("49 password", func(t *testing.T) {
		w.object("PUT", one+".json", form("Password", password))
		if c, _ := w.store.Client("bob"); c.HA1MD5 != ha1("bob") {
			t.Errorf("HA1 is %s", c.HA1MD5)
		}
		w.same("registrations removed", w.unregistered, []string{"bob"})
		w.want(400, "PUT", one+".json", "Password=1234", "weak")
	})
	t.Run("disable and push", func(t *testing.T) {
		v := w.object("POST", one+".json", "Status=0&IsPushEnabled=true")
		w.same("status", v["status"], "0")
		w.same("push_client_identity", v["push_client_identity"], sid)
		w.same("registrations removed", len(w.unregistered), 2)
	})
	t.Run("51 list", func(t *testing.T) {
		w.want(200, "GET", r+"/Clients", "", "<RestcommResponse><Clients><Client><Sid>", "<Password_Algorithm>MD5</Password_Algorithm>")
		w.same("first page", len(w.array(r+"/Clients.json?PageSize=1&Page=0")), 1)
		w.same("second page", len(w.array(r+"/Clients.json?PageSize=1&Page=1")), 0)
	})
	t.Run("50 delete", func(t *testing.T) {
		if rec := w.want(200, "DELETE", one, ""); rec.Body.Len() != 0 {
			t.Errorf("body %s", rec.Body)
		}
		w.want(404, "DELETE", one, "")
		w.want(400, "DELETE", r+"/Clients/x", "")
		w.want(404, "GET", r+"/Clients/x", "")
	})
}

func TestApplications(t *testing.T) {
	w := newWorld(t)
	list := r + "/Applications.json"
	w.want(400, "POST", list, "Kind=voice", "Friendly name can not be null.")                                     // 52
	first := w.object("POST", list, form("FriendlyName", "M", "Kind", "voice", "RcmlUrl", "https://a.example/m")) // 53
	w.same("voice_caller_id_lookup", first["voice_caller_id_lookup"], false)
	second := w.object("POST", list, form("FriendlyName", "M", "HasVoiceCallerIdLookup", "TRUE", "RcmlUrl", "lua:menu"))
	w.same("voice_caller_id_lookup", second["voice_caller_id_lookup"], true)
	if first["sid"] == second["sid"] {
		t.Error("two applications have one SID")
	}
	w.want(400, "POST", list, "FriendlyName=M&Kind=fax") // 54
	w.want(400, "POST", list, "FriendlyName=M&RcmlUrl=nonsense", "21402")
	one := r + "/Applications/" + first["sid"].(string)
	w.same("renamed", w.object("PUT", one+".json", "FriendlyName=N")["friendly_name"], "N")
	w.want(400, "PUT", one, "FriendlyName=")
	n := w.object("POST", r+"/IncomingPhoneNumbers.json", form("PhoneNumber", "88", "isSIP", "true", "VoiceApplicationSid", first["sid"].(string)))
	with := w.array(list + "?includeNumbers=true") // 56
	if with[0]["sid"] != first["sid"] {            // made in the same millisecond
		with[0], with[1] = with[1], with[0]
	}
	w.same("numbers", with[0]["numbers"].([]any)[0].(map[string]any)["phone_number"], "88")
	w.same("no numbers", len(with[1]["numbers"].([]any)), 0)
	if rec := w.want(200, "DELETE", one, ""); rec.Body.Len() != 0 { // 55
		t.Errorf("body %s", rec.Body)
	}
	w.want(404, "GET", one, "")
	v := w.object("GET", r+"/IncomingPhoneNumbers/"+n["sid"].(string)+".json", "")
	w.same("reference", v["voice_application_sid"], nil)
}

func TestNumbers(t *testing.T) {
	w := newWorld(t)
	list := r + "/IncomingPhoneNumbers.json"
	made := w.object("POST", list, form("PhoneNumber", "5550142000", "VoiceUrl", "https://a.example/v"))
	one := r + "/IncomingPhoneNumbers/" + made["sid"].(string)
	t.Run("57 create", func(t *testing.T) {
		w.same("phone_number", made["phone_number"], "+15550142000")
		w.same("friendly_name", made["friendly_name"], "(555) 014-2000")
		w.same("voice_method", made["voice_method"], "POST")
		if v, there := made["sms_url"]; !there || v != nil {
			t.Errorf("sms_url: %v, %v", v, there)
		}
	})
	for _, row := range []struct {
		name, form string
		status     int
		text       string
	}{
		{"58 again", form("PhoneNumber", "+15550142000"), 400, "21452"},
		{"59 no number", "VoiceUrl=https://a.example/v", 400, "Phone number can not be null."},
		{"area code", "AreaCode=555", 400, "21452"},
		{"63 pattern", form("PhoneNumber", "(((", "isSIP", "true"), 400, "21421"},
		{"63 number", form("PhoneNumber", "12"), 400, "21421"},
		{"isSIP", form("PhoneNumber", "12", "isSIP", "maybe"), 400, "isSIP"},
		{"60 short code", "PhoneNumber=1234&isSIP=true", 200, `"phone_number":"1234"`},
		{"61 pattern", form("PhoneNumber", "[45]234[23]", "isSIP", "true"), 200, `"phone_number":"[45]234[23]"`},
		{"62 pattern", form("PhoneNumber", "16.*", "isSIP", "true"), 200, ""},
		{"62 longer pattern", form("PhoneNumber", "16508.*", "isSIP", "true"), 200, ""},
	} {
		t.Run(row.name, func(t *testing.T) { w.want(row.status, "POST", list, row.form, row.text) })
	}
	for dialled, want := range map[string]string{"52343": "[45]234[23]", "62343": "", "16508223344": "16508.*"} {
		if n, _ := w.store.Number(dialled); n.Phone != want {
			t.Errorf("call to %s reaches %q, want %q", dialled, n.Phone, want)
		}
	}
	t.Run("types", func(t *testing.T) {
		w.want(200, "POST", r+"/IncomingPhoneNumbers/TollFree.json", "PhoneNumber=8005550199")
		w.want(400, "POST", r+"/IncomingPhoneNumbers/Local.json", "PhoneNumber=8005550198", "21452")
		w.same("toll-free", w.object("GET", r+"/IncomingPhoneNumbers/TollFree.json", "")["total"], 1)
		w.same("local", w.object("GET", r+"/IncomingPhoneNumbers/Local.json", "")["total"], 1)
	})
	app := w.object("POST", r+"/Applications.json", "FriendlyName=Menu")["sid"].(string)
	t.Run("64 application", func(t *testing.T) {
		v := w.object("POST", one+".json", "VoiceApplicationSid="+app)
		w.same("sid", v["voice_application_sid"], app)
		w.same("name", v["voice_application_name"], "Menu")
		v = w.object("POST", one+".json", "VoiceApplicationSid=")
		if _, there := v["voice_application_name"]; there || v["voice_application_sid"] != nil {
			t.Errorf("still bound: %v", v)
		}
	})
	t.Run("65 and 66", func(t *testing.T) {
		w.want(400, "POST", one, "VoiceApplicationSid=AP00000000000000000000000000000000", "21218")
		w.want(400, "POST", one, "VoiceMethod=PATCH", "21403")
		w.same("method", w.object("POST", one+".json", "VoiceMethod=get")["voice_method"], "GET")
		w.same("number stays", w.object("POST", one+".json", "PhoneNumber=1")["phone_number"], "+15550142000")
	})
	t.Run("67 list", func(t *testing.T) {
		v := w.object("GET", list+"?SortBy=PhoneNumber&PageSize=2", "")
		w.same("total", v["total"], 6)
		w.same("num_pages", v["num_pages"], 3)
		w.same("first", items(v, "incomingPhoneNumbers")[0]["phone_number"], "+15550142000")
		v = w.object("GET", list+"?SortBy=PhoneNumber&Reverse=true", "")
		w.same("reverse", items(v, "incomingPhoneNumbers")[0]["phone_number"], "[45]234[23]")
		w.same("filter", w.object("GET", list+"?PhoneNumber=16*", "")["total"], 2)
		w.same("filter", w.object("GET", list+"?PhoneNumber=*014*", "")["total"], 1)
		w.same("filter", w.object("GET", list+"?PhoneNumber=*2000", "")["total"], 1)
		w.same("filter", w.object("GET", list+"?PhoneNumber=1234", "")["total"], 1)
		w.want(400, "GET", list+"?SortBy=Shoe", "")
	})
	t.Run("transfer", func(t *testing.T) {
		w.want(403, "POST", one, "AccountSid="+w.x.SID)
		w.same("owner", w.object("POST", one+".json", "AccountSid="+w.b.SID)["account_sid"], w.b.SID)
		w.want(403, "GET", one, "")
		w.same("with sub-accounts", w.object("GET", list+"?SubAccounts=true", "")["total"], 6)
		one = "/restcomm/2012-04-24/Accounts/{B}/IncomingPhoneNumbers/" + made["sid"].(string)
	})
	t.Run("68 delete", func(t *testing.T) {
		w.want(http.StatusNoContent, "DELETE", one, "")
		w.want(404, "DELETE", one, "")
	})
}
