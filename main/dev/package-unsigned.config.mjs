// electron-builder.yml for a Mac without a signing identity: the app gets an ad-hoc signature, and macOS refuses the libraries of a hardened
// program that has no team.
export default { extends: 'file:electron-builder.yml', mac: { hardenedRuntime: false, notarize: false } }
