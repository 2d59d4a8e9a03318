-- Makes tokens in OpenBao: tokens.lua ROOT-TOKEN
local made

function init(arguments)
  local headers = { ["X-Vault-Token"] = arguments[1], ["Content-Type"] = "application/json" }
  made = wrk.format("POST", "/v1/auth/token/create-orphan", headers, '{"policies":["default"],"ttl":"720h"}')
end

function request()
  return made
end
