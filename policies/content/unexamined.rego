# METADATA
# scope: package
# title: Something could not be examined
# description: >-
#   What a review cannot read, it cannot vouch for. Assets, submodules and files that programs write can
#   be looked at by a person; anything else is denied.
# custom:
#   severity: error
package countersign.content.unexamined

deny contains {"message": message, "path": path} if {
	some path, why in reasons
	not person_can_look(path)
	message := sprintf("not examined: %s", [why])
}

review contains {"message": message, "path": path, "severity": "warning"} if {
	some path, why in reasons
	person_can_look(path)
	message := sprintf("not examined: %s", [why])
}

# Why each file was not examined: what the review says, and what the kind of content says by itself.
reasons[path] := concat("; ", sort(said[path])) if some path in object.keys(said)

reasons[file.path] := sprintf("its content is %s", [file.content]) if {
	some file in input.changeset.files
	file.content in {"binary", "huge", "submodule"}
	file.change != "deleted"
	not file.path in object.keys(said)
}

said[path] contains entry.reason if {
	some entry in input.unexamined
	path := entry.path
}

person_can_look(path) if {
	some file in input.changeset.files
	file.path == path
	lookable(file)
}

lookable(file) if file.content == "submodule"

lookable(file) if file.generated

# Nothing of it remains.
lookable(file) if file.change == "deleted"

lookable(file) if {
	file.content == "binary"
	file.new_mode != "executable"
	regex.match(asset_names, lower(file.path))
}

# It was in the person's files when it was found: a denial keeps it out of nothing, and would keep them from
# putting it back after they took it out.
lookable(file) if {
	file.content == "binary"
	input.changeset.origin.worker == "adopted"
}

# Images, fonts, sound, film, documents and data: what people look at, and no interpreter runs.
asset_names := `\.(png|jpe?g|gif|bmp|ico|icns|webp|avif|tiff?|psd|woff2?|ttf|otf|eot|mp3|wav|ogg|flac|m4a|mp4|webm|mov|avi|pdf|docx|xlsx|pptx|odt|ods|parquet|npy|npz|sqlite|db|dat|bin)$`
