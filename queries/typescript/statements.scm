(ambient_declaration) @none
