describe("web", function()
  local alice = load_bot():user("alice")

  it("is answered by stubs", function()
    http.stub("https://api.example.org/weather", { json = { temperature = 21 } })
    alice:says("Berlin")
    expect(alice:hears()).to.equal("21 °C")
    http.stub("GET", "https://api.example.org/*", { status = 404 })
    alice:says("北京")
    expect(alice:hears()).to.equal("error 404")
    expect(http.requests()).to.have_length(2)
    expect(http.requests()[1]).to.have { method = "GET", url = "https://api.example.org/weather?city=Berlin" }
  end)

  it("is answered by functions", function()
    http.stub("https://api.example.org/weather?city=*", function(request)
      return { json = { temperature = #request.url } }
    end)
    alice:says("x")
    expect(alice:hears()).to.match("^%d+ °C$")
  end)

  it("streams", function()
    http.stub("POST", "*", { events = { "a", { x = 1 }, "[DONE]" } })
    alice:says("stream")
    expect(alice:hears()).to.equal('a|{"x":1}|[DONE]')
    expect(json.decode(http.requests()[1].body)).to.equal { q = 1 }
  end)

  it("breaks", function()
    http.stub("*", { error = "connection refused" })
    alice:says("x")
    expect(alice:hears()).to.equal("no weather: network")
  end)
end)
