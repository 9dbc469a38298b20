# nix run 'github:OWNER/ssm-exec?dir=packaging' -- --version
{
  description = "Start a program with its parameters from AWS SSM Parameter Store";

  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-unstable";

  outputs = { self, nixpkgs }:
    let
      package = (builtins.fromTOML (builtins.readFile ../Cargo.toml)).package;
      systems = [ "x86_64-linux" "aarch64-linux" "x86_64-darwin" "aarch64-darwin" ];
    in
    {
      packages = nixpkgs.lib.genAttrs systems (system:
        let pkgs = nixpkgs.legacyPackages.${system}; in
        {
          # Static, with musl, on Linux.
          default = (if pkgs.stdenv.isLinux then pkgs.pkgsStatic else pkgs).rustPlatform.buildRustPackage {
            pname = package.name;
            version = package.version;
            src = ../.;
            cargoLock.lockFile = ../Cargo.lock;
            # The suite needs Docker, systemd and root: ./tests/run.
            doCheck = false;
            nativeBuildInputs = [ pkgs.installShellFiles ];
            postInstall = ''
              for shell in bash zsh fish; do
                $out/bin/ssm-exec completions $shell >ssm-exec.$shell
              done
              $out/bin/ssm-exec completions man >ssm-exec.1
              installShellCompletion ssm-exec.bash ssm-exec.zsh ssm-exec.fish
              installManPage ssm-exec.1
            '';
            meta = {
              description = package.description;
              license = pkgs.lib.licenses.mit;
              mainProgram = package.name;
            };
          };
        });
    };
}
