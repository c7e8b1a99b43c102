-- use: lib(lib.map(function(x) return x * 2 end, 1, 2, 3))
-- want: 2 4 6
-- Functions over varargs.
local M = {}
local t_pack = table.pack or function(...) return { n = select("#", ...), ... } end
local t_unpack = table.unpack or unpack
function M.map(f, ...)
  local p = t_pack(...)
  for i = 1, p.n do p[i] = f(p[i]) end
  return t_unpack(p, 1, p.n)
end
function M.range(i, j, ...) return t_unpack({ ... }, i, j) end
function M.count(...) return select("#", ...) end
return setmetatable(M, { __call = function(_, ...)
  local p = t_pack(...)
  for i = 1, p.n do p[i] = tostring(p[i]) end
  return table.concat(p, " ", 1, p.n)
end })
