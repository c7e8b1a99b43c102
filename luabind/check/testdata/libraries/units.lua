-- use: lib.run({ test_a = function() lib.assertEquals(1, 1) end, test_b = function() lib.assertEquals(1, 2) end })
-- want: 1 of 2
-- Unit tests with a summary, which end the program where they may.
local M = { VERSION = "3.0" }
local os_getenv, os_exit = os.getenv, os.exit
M.STRIP = debug and debug.traceback and "[C]: in" or nil
M.private = {}
M.verbosity = os_getenv and os_getenv("LUAUNIT_VERBOSITY") or 1
local cmdline_argv = rawget(_G, "arg")
local unpack = rawget(table, "unpack") or unpack
local function failure(level, ...) error(table.concat({ "failure:", ... }, " "), (level or 1) + 1) end
function M.assertEquals(a, b) if a ~= b then failure(2, "expected", tostring(b), "got", tostring(a)) end end
function M.run(suite)
  local ok, n = 0, 0
  local handler = debug and debug.traceback or function(e) return e end
  for name, f in pairs(suite) do
    if name:sub(1, 4) == "test" then
      n = n + 1
      if xpcall(f, handler) then ok = ok + 1 end
    end
  end
  if cmdline_argv and cmdline_argv[0] == "units.lua" and os_exit then os_exit(ok == n and 0 or 1) end
  return ok .. " of " .. n, unpack({})
end
function M.private.__genSortedIndex(t) local s = {} for k in pairs(t) do s[#s + 1] = k end table.sort(s) return s end
function M.LuaUnit()
  io.stdout:write("Started on " .. os.date() .. "\n")
  os.exit(0)
end
return M
