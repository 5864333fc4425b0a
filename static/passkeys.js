/* Passkeys: asks the device for what the page's form describes, and sends its answer with that form. */
(() => {
  "use strict";
  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  const text = (buffer) => (buffer ? btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=/g, "") : "");
  const known = (list) => (list || []).map((key) => ({ ...key, id: bytes(key.id) }));

  async function create(options) {
    const key = await navigator.credentials.create({
      publicKey: { ...options, challenge: bytes(options.challenge), user: { ...options.user, id: bytes(options.user.id) }, excludeCredentials: known(options.excludeCredentials) },
    });
    const answer = key.response;
    return {
      id: key.id, rawId: text(key.rawId), type: key.type,
      response: {
        attestationObject: text(answer.attestationObject), clientDataJSON: text(answer.clientDataJSON),
        transports: answer.getTransports ? answer.getTransports() : [],
      },
      extensions: JSON.stringify(key.getClientExtensionResults()),
    };
  }

  async function get(options) {
    const key = await navigator.credentials.get({ publicKey: { ...options, challenge: bytes(options.challenge), allowCredentials: known(options.allowCredentials) } });
    const answer = key.response;
    return {
      id: key.id, rawId: text(key.rawId), type: key.type,
      response: {
        authenticatorData: text(answer.authenticatorData), clientDataJSON: text(answer.clientDataJSON),
        signature: text(answer.signature), userHandle: text(answer.userHandle),
      },
      assertionClientExtensions: JSON.stringify(key.getClientExtensionResults()),
    };
  }

  for (const form of document.querySelectorAll("form[data-passkey]")) {
    const failed = form.querySelector("[data-passkey-failed]");
    const again = form.querySelector("[data-passkey-again]");
    const ask = async () => {
      failed.hidden = again.hidden = true;
      try {
        const answer = await (form.dataset.passkey === "create" ? create : get)(JSON.parse(form.dataset.options));
        form.elements.credential.value = JSON.stringify(answer);
        form.submit();
      } catch {
        failed.hidden = again.hidden = false;
      }
    };
    again.addEventListener("click", ask);
    ask();
  }
})();
